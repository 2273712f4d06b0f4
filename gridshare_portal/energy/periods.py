"""Where a home's local days and months begin and end, as half-open periods in UTC.

A local day has 23, 24 or 25 hours, sometimes half an hour more or less, and once in Samoa none at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Period:
    """A period in UTC, start included, end excluded.

    Raises ValueError for a naive moment and for an end before the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A period needs aware moments.")
        if self.end < self.start:
            raise ValueError("A period cannot end before it starts.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    def within(self, other: Period) -> Period:
        """Return the part that lies inside the other period; empty where they do not meet."""
        start = min(max(self.start, other.start), other.end)
        return Period(start, max(start, min(self.end, other.end)))


def local_day(day: date, zone: ZoneInfo) -> Period:
    """Return the period in which a clock in that zone shows that date."""
    return Period(_midnight(day, zone), _midnight(day + DAY, zone))


def local_month(day: date, zone: ZoneInfo) -> Period:
    """Return the local calendar month that the date lies in."""
    return Period(_midnight(day.replace(day=1), zone), _midnight(_next_month(day), zone))


def whole_days(first: date, last: date, zone: ZoneInfo) -> Period:
    """Return the period from the start of the first local day to the end of the last."""
    return Period(local_day(first, zone).start, local_day(last, zone).end)


def cut(period: Period, by: str, zone: ZoneInfo) -> list[Period]:
    """Cut a period into the local hours, days or months that it consists of."""
    if by == "month":
        return months_of(period, zone)
    days = days_of(period, zone)
    if by == "day":
        return days
    starts = [(day.start + n * HOUR, day) for day in days for n in range(-(-(day.end - day.start) // HOUR))]
    return [Period(start, min(start + HOUR, day.end)) for start, day in starts]


def days_of(period: Period, zone: ZoneInfo) -> list[Period]:
    """Cut a period into the local days it touches, in order, the first and last clipped to it.

    Every moment lies in exactly one piece; a date that the zone left out has none.
    """
    return _cut(period, zone, local_day, lambda day: day + DAY)


def months_of(period: Period, zone: ZoneInfo) -> list[Period]:
    """Cut a period into the local months it touches, in order, clipped likewise."""
    return _cut(period, zone, local_month, _next_month)


def _cut(
    period: Period,
    zone: ZoneInfo,
    whole: Callable[[date, ZoneInfo], Period],
    following: Callable[[date], date],
) -> list[Period]:
    day, pieces = period.start.astimezone(zone).date(), []
    while (piece := whole(day, zone)).start < period.end:
        pieces.append(piece.within(period))
        day = following(day)
    return [piece for piece in pieces if piece.start < piece.end]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # The first of two midnights, and for one that the clocks skip the moment they skip it: fold=0 means both.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
