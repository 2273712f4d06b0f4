"""When a home's solar can be expected to make power, although nobody tells us where the home is.

There is no address and so no sunrise. What there is: the clock of the home, and its own readings. An hour of
the local clock counts as daylight when the home's solar made power in it on at least two of the last
days on which it made any. The first and the last such hour are left out, because clouds, dust and
the turning year move them. Hours learned once stay until newer days with production teach others, so
a solar that has been dead for weeks is still missed by day and left alone at night.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAYS_AGREED = 2
LONGEST = timedelta(days=14)  # nobody counts further back


def hours(made: Iterable[tuple[date, int]]) -> frozenset[int]:
    """Return the hours of the local clock that count as daylight, from days and hours with production."""
    seen: dict[int, set[date]] = {}
    for day, hour in made:
        seen.setdefault(hour, set()).add(day)
    agreed = sorted(hour for hour, days in seen.items() if len(days) >= DAYS_AGREED)
    return frozenset(agreed[1:-1])


def between(start: datetime, end: datetime, *, hours: frozenset[int], zone: ZoneInfo) -> timedelta:
    """Return how much daylight lay between two moments; never more than lay between them."""
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
