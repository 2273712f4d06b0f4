"""The durations for which a homeowner can share a home.

A day is 24 hours and a year 365 days, whatever daylight saving time does in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


class Unknown(ValueError):
    """No duration has this id."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """A duration to choose; with a length of None it lasts until the homeowner ends it."""

    id: str
    title: str
    words: str
    length: timedelta | None


HOUR = Duration(id="hour", title="An hour", words="for an hour", length=timedelta(hours=1))
DAY = Duration(id="day", title="A day", words="for a day", length=timedelta(days=1))
MONTH = Duration(id="month", title="30 days", words="for 30 days", length=timedelta(days=30))
YEAR = Duration(id="year", title="A year", words="for a year", length=timedelta(days=365))
OPEN = Duration(id="open", title="Until I stop it", words="until it is stopped", length=None)
DURATIONS = (HOUR, DAY, MONTH, YEAR, OPEN)


def find(id: str) -> Duration:
    """Return the duration with this id; raise Unknown."""
    found = next((duration for duration in DURATIONS if duration.id == id), None)
    if found is None:
        raise Unknown(id)
    return found


def until(duration: Duration, *, now: datetime) -> datetime | None:
    """Return when a period of this duration from `now` on ends; None if it is open-ended."""
    return now + duration.length if duration.length else None
