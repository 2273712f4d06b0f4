"""Plans in local times, as each home's clock shows them, and their moments at one home. Pure.

A time that a home's clock skips or shows twice is refused there, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types


def to_json(rows: Iterable[rules.TypedCommand]) -> rules.KeptPlan:
    """Return rows as JSON: times without an offset, power in W; raises ValueError for a missing time."""
    filled = ((row, rules.filled_in(row.start), rules.filled_in(row.end)) for row in rows)
    return {"commands": [rules.kept(row, start, end) for row, start, end in filled]}


def from_json(kept: rules.KeptPlan) -> list[rules.TypedCommand]:
    """Return the rows that to_json wrote; raises ValueError for times with an offset."""
    return [
        rules.TypedCommand(
            start=_time(command["start"]),
            end=_time(command["end"]),
            action=command["action"],
            power_limit_w=command["power_limit_w"],
        )
        for command in kept["commands"]
    ]


def plan_for(
    rows: list[rules.TypedCommand], *, zone: ZoneInfo, now: datetime, limit_w: float | None = None
) -> tuple[types.Plan | None, str]:
    """Return the plan for a home in this zone and "", or None and the first fault as a sentence."""
    found = rules.faults(rows, now=now, zone=zone, limit_w=limit_w)
    if found:
        return None, found[0].sentence
    return rules.plan_of(rows, zone=zone), ""


def _time(text: str) -> datetime:
    shown = datetime.fromisoformat(text)
    if shown.tzinfo:
        raise ValueError("local times have no offset")
    return shown
