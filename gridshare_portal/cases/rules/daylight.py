"""When a home's solar can be expected to produce, although nobody tells us where the home is.

Without an address there is no sunrise, but there are the local clock and the home's own readings. An hour of
the local clock is daylight if solar produced in it on at least DAYS_AGREED of the last days. The first and
the last such hour are left out, because clouds, dust and the season move them. Hours learned once stay until
newer days with production replace them, so a dead solar is still missed by day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAYS_AGREED = 2
LONGEST = timedelta(days=14)  # no rule looks further back


def hours(made: Iterable[tuple[date, int]]) -> frozenset[int]:
    """Return the daylight hours (0 to 23, local), from local days and hours with production."""
    days = Counter(hour for _day, hour in set(made))
    agreed = sorted(hour for hour, count in days.items() if count >= DAYS_AGREED)
    return frozenset(agreed[1:-1])


def between(start: datetime, end: datetime, *, hours: frozenset[int], zone: ZoneInfo) -> timedelta:
    """Return how much daylight lay between two moments, at most LONGEST."""
    start = max(start, end - LONGEST)
    light, at = timedelta(0), start
    while at < end:
        local = at.astimezone(zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        following = min(end, at + HOUR - past)
        if local.hour in hours:
            light += following - at
        at = following
    return light
