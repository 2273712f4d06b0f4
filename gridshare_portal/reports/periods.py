"""The days that a report is about, and when the next is due: Mondays or firsts at MORNING, local time.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK, MONTH = "week", "month"
MORNING = time(7)


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days, the first and the last included."""

    every: str
    first: date
    last: date

    @property
    def key(self) -> str:
        """The period's identity: a report about it is sent once."""
        return f"{self.every} {self.first.isoformat()}"

    @property
    def title(self) -> str:
        if self.every == MONTH:
            return f"{self.first:%B %Y}"
        if self.first.month == self.last.month:
            return f"{self.first.day}–{self.last.day} {self.last:%B %Y}"
        return f"{self.first.day} {self.first:%B} – {self.last.day} {self.last:%B %Y}"

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def start(self) -> datetime:
        """The moment (UTC) at which the first UTC day begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The moment (UTC) at which the last UTC day is over."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


def before(*, every: str, zone: str, now: datetime) -> Period:
    """Return the last whole week or month that is over in the zone."""
    begins = _begins(every, now.astimezone(ZoneInfo(zone)).date())
    last = begins - timedelta(days=1)
    return Period(every=every, first=_begins(every, last), last=last)


def next_due(*, every: str, zone: str, now: datetime) -> datetime | None:
    """Return when the next report is due, in UTC; None for never."""
    if every not in (WEEK, MONTH):
        return None
    there = ZoneInfo(zone)
    day = _begins(every, now.astimezone(there).date())
    while datetime.combine(day, MORNING, there) <= now:
        day = _begins(every, day + timedelta(days=31 if every == MONTH else 7))
    return datetime.combine(day, MORNING, there).astimezone(UTC)


def _begins(every: str, day: date) -> date:
    return day.replace(day=1) if every == MONTH else day - timedelta(days=day.weekday())
