"""Lay an overlay plan out along a line of hours, in per cent of its width.

Per cent, so that one drawing fits a phone and a desktop without its words shrinking; the hours
are the home's own, so that a night on which the clocks change has one more or one less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gridshare_portal.gridshare import types

DAY = timedelta(hours=24)
TICKS = 4


@dataclass(frozen=True, kw_only=True)
class Band:
    """A command's place on the line."""

    action: str
    x: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A named moment on the line; anchor keeps the outer names within the drawing."""

    x: float
    name: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A drawn plan."""

    bands: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    now_x: float


def draw(commands: Sequence[types.Command], *, now: datetime, zone: ZoneInfo) -> Timeline:
    """Lay commands out from this hour on, over a day or as long as they go."""
    start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begun = [command.start for command in commands if command.end > start]
    start = min([start, *begun])
    end = max([start + DAY, *(command.end for command in commands)])
    length = (end - start) / TICKS
    ticks = [_tick(number, start + number * length, now, zone) for number in range(TICKS + 1)]
    return Timeline(
        bands=tuple(_band(command, start, end) for command in commands if command.end > start),
        ticks=tuple(ticks),
        now_x=_share(now, start, end),
    )


def _band(command: types.Command, start: datetime, end: datetime) -> Band:
    x = _share(max(command.start, start), start, end)
    return Band(action=command.action, x=x, width=round(_share(command.end, start, end) - x, 3))


def _share(at: datetime, start: datetime, end: datetime) -> float:
    return round(100 * ((at - start) / (end - start)), 3)


def _tick(number: int, at: datetime, now: datetime, zone: ZoneInfo) -> Tick:
    local = at.astimezone(zone)
    other_day = local.date() != now.astimezone(zone).date()
    name = f"{local:%a %H:%M}" if other_day else f"{local:%H:%M}"
    anchor = "start" if number == 0 else "end" if number == TICKS else "middle"
    return Tick(x=100 * number / TICKS, name=name, anchor=anchor)
