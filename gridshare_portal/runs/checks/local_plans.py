"""A plan in local times, as each home's own clock shows them, and which moments that is for one home. Pure.

A time that a home's clock skips or shows twice on the night the clocks change is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types


class KeptRow(TypedDict):
    """One row as a run keeps it; the times have no offset."""

    start: str | None
    end: str | None
    action: str
    power_limit_w: float | None


class KeptRows(TypedDict):
    """A plan in local times as a run keeps it."""

    commands: list[KeptRow]


def to_json(rows: Iterable[rules.TypedCommand]) -> KeptRows:
    """Return rows as they are kept in a run: times without an offset."""
    return {
        "commands": [
            {
                "start": row.start.isoformat() if row.start else None,
                "end": row.end.isoformat() if row.end else None,
                "action": row.action,
                "power_limit_w": row.power_limit_w,
            }
            for row in rows
        ]
    }


def from_json(kept: KeptRows) -> list[rules.TypedCommand]:
    """Return the rows that to_json kept; raise ValueError for times that are missing or have an offset."""
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
    """Return the plan for a home in this zone, or None and the first thing that stands in its way."""
    found = rules.faults(rows, now=now, zone=zone, limit_w=limit_w)
    if found:
        return None, found[0].sentence
    return rules.plan_of(rows, zone=zone), ""


def _time(text: str | None) -> datetime:
    if text is None:
        raise ValueError("a row needs its times")
    shown = datetime.fromisoformat(text)
    if shown.tzinfo:
        raise ValueError("local times have no offset")
    return shown
