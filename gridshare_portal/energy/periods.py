"""Know where a home's days begin and end, in a world that counts in UTC.

A local day has 23, 24 or 25 hours, sometimes half an hour more or less, and once in
Samoa none at all. Everywhere else in the portal time is a half-open period in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Period:
    """A stretch of time in UTC: its start belongs to it, its end does not."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A period needs aware moments.")
        if self.end < self.start:
            raise ValueError("A period cannot end before it starts.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @property
    def seconds(self) -> int:
        """Say how long it is, in whole seconds."""
        return int((self.end - self.start).total_seconds())

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def within(self, other: Period) -> Period:
        """Return the part of it that lies inside the other; empty where they do not meet."""
        start = min(max(self.start, other.start), other.end)
        return Period(start, max(start, min(self.end, other.end)))


def local_day(day: date, zone: ZoneInfo) -> Period:
    """Return the stretch of time in which a clock in that zone shows that date."""
    return Period(_midnight(day, zone), _midnight(_plus(day, 1), zone))


def local_month(day: date, zone: ZoneInfo) -> Period:
    """Return the local calendar month that the date lies in."""
    return Period(_midnight(day.replace(day=1), zone), _midnight(_next_month(day), zone))


def days_of(period: Period, zone: ZoneInfo) -> list[tuple[date, Period]]:
    """Cut a period into the local days it touches, the first and last clipped to it.

    Every moment of the period lies in exactly one of them. A date that the zone left
    out is left out.
    """
    return list(_cut(period, zone, local_day, lambda day: _plus(day, 1)))


def months_of(period: Period, zone: ZoneInfo) -> list[tuple[date, Period]]:
    """Cut a period into the local months it touches, each under its first date, clipped alike."""
    return list(_cut(period, zone, local_month, _next_month))


def _cut(
    period: Period,
    zone: ZoneInfo,
    whole: Callable[[date, ZoneInfo], Period],
    following: Callable[[date], date],
) -> Iterator[tuple[date, Period]]:
    day = period.start.astimezone(zone).date()
    while True:
        piece = whole(day, zone)
        if piece.start >= period.end:
            return
        inside = piece.within(period)
        if inside.start < inside.end:
            label = day if whole is local_day else day.replace(day=1)
            yield label, inside
        day = following(day)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # The first of two midnights, and for one that the clocks skip the moment they skip it: fold=0 means both.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _plus(day: date, days: int) -> date:
    return day + timedelta(days=days)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
