"""A plan in local times, as each home's own clock shows them, and which moments that is for one home. Pure.

A time that a home's clock skips or shows twice on the night the clocks change is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridshare_portal.control import plans
from gridshare_portal.gridshare import types


def to_json(rows: Iterable[plans.Row]) -> dict[str, Any]:
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


def from_json(kept: dict[str, Any]) -> list[plans.Row]:
    """Return the rows that to_json kept; raise ValueError for times that have an offset."""
    rows = [
        plans.Row(
            start=datetime.fromisoformat(command["start"]),
            end=datetime.fromisoformat(command["end"]),
            action=command["action"],
            power_limit_w=command["power_limit_w"],
        )
        for command in kept["commands"]
    ]
    if any(moment.tzinfo for row in rows for moment in (row.start, row.end)):
        raise ValueError("local times have no offset")
    return rows


def plan_for(
    rows: list[plans.Row], *, zone: ZoneInfo, now: datetime, limit_w: float | None = None
) -> tuple[types.Plan | None, str]:
    """Return the plan for a home in this zone, or None and the first thing that stands in its way."""
    found = plans.faults(rows, now=now, zone=zone, limit_w=limit_w)
    if found:
        return None, found[0].sentence
    return plans.plan_of(rows, zone=zone), ""
