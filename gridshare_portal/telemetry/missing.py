"""Decide which readings to fetch next: the newest stretch again, then the past, week by week.

Pure: stored days and the moment go in, calls come out. A closed day is never fetched again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

STEP_S = 900
STEP = timedelta(seconds=STEP_S)
BUCKETS = 86_400 // STEP_S
DAY = timedelta(days=1)
LONGEST = timedelta(days=7)
FIRST_STRETCH = timedelta(hours=48)
OVERLAP = 2 * STEP
SETTLED = timedelta(hours=2)
GIVEN_UP = timedelta(hours=48)
NOTHING_THERE = timedelta(days=31)
HISTORY = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The window of one call: a sensor's buckets that start within [start, end)."""

    sensor: int
    start: datetime
    end: datetime

    @property
    def days(self) -> list[date]:
        """The UTC days that the call touches, in order."""
        first = day_of(self.start)
        count = -((midnight(first) - self.end) // DAY)
        return [first + number * DAY for number in range(count)]


Stored = Mapping[tuple[int, date], np.ndarray | None]  # sensor and day: known buckets; None when closed


def midnight(day: date) -> datetime:
    """Return the moment, in UTC, at which a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def day_of(moment: datetime) -> date:
    """Return the UTC day that an aware moment lies in."""
    return moment.astimezone(UTC).date()


def newest(sensors: Sequence[int], stored: Stored, *, now: datetime) -> tuple[Window, ...]:
    """Return one call per sensor for the stretch up to now in which readings may still arrive.

    It begins at the first unknown bucket of a day that is not closed, two buckets earlier because the last
    ones may have changed, and at most a week ago; a new sensor begins with the day of 48 hours ago.
    """
    end = midnight(day_of(now)) + ((now - midnight(day_of(now))) // STEP + 1) * STEP
    return tuple(
        Window(sensor=sensor, start=max(_open_from(sensor, stored, now), end - LONGEST), end=end)
        for sensor in sensors
    )


def week(
    sensors: Sequence[int], closed: Mapping[int, Set[date]], *, below: date, goal: date
) -> tuple[date, tuple[Window, ...]]:
    """Return the newest week below a day in which something was never fetched: its first day and its calls.

    Without calls nothing is left to fetch down to the goal.
    """
    while below > goal:
        first = max(goal, below - LONGEST)
        days = [first + timedelta(days=number) for number in range((below - first).days)]
        windows = []
        for sensor in sensors:
            absent = [day for day in days if day not in closed.get(sensor, ())]
            if absent:
                start, end = midnight(absent[0]), midnight(absent[-1]) + DAY
                windows.append(Window(sensor=sensor, start=start, end=end))
        if windows:
            return first, tuple(windows)
        below = first
    return goal, ()


def closes(day: date, known: np.ndarray, *, window: Window, now: datetime) -> bool:
    """Return whether a day's readings are final: complete and over for 2 hours, or over for 48.

    A day is never closed on buckets that this call did not cover.
    """
    over = now - midnight(day) - DAY
    if known.all():
        return over > SETTLED
    absent = np.flatnonzero(~known)
    first, last = (midnight(day) + int(absent[place]) * STEP for place in (0, -1))
    return over >= GIVEN_UP and first >= window.start and last < window.end


def _open_from(sensor: int, stored: Stored, now: datetime) -> datetime:
    today, recent = day_of(now), day_of(now - FIRST_STRETCH)
    day = day_of(now - LONGEST)
    while day <= today:
        known = stored.get((sensor, day))
        if day >= recent and (sensor, day) not in stored:
            return midnight(day)
        if known is not None:
            first_absent = int(np.argmin(np.append(known, False)))
            return max(midnight(day), midnight(day) + first_absent * STEP - OVERLAP)
        day += DAY
    return midnight(today)
