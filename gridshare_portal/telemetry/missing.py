"""Decide which readings to fetch next: the newest stretch, days that are due again, and the past by the week.

Pure: stored days and the moment go in, calls come out. Services correct what they said, and hand in what they
were given late. So nothing is final at once: a day is asked for again after hours, a day, a week and a month,
and one that is not complete more often, and for as long as it is kept.
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
PROVISIONAL = timedelta(hours=3)  # what is younger may still change
HOLES = timedelta(hours=12)  # a hole so young is asked for with the newest stretch
SOON = timedelta(hours=3)
COMPLETE_AGAIN = (SOON, DAY, 7 * DAY, 30 * DAY)  # after a day's end
GAPPY_AGAIN = (SOON, *(2**power * DAY for power in range(5)))
GAPPY_EVERY = 30 * DAY
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


Stored = Mapping[tuple[int, date], np.ndarray]  # sensor and day: known buckets


def midnight(day: date) -> datetime:
    """Return the moment, in UTC, at which a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def day_of(moment: datetime) -> date:
    """Return the UTC day that an aware moment lies in."""
    return moment.astimezone(UTC).date()


def newest(sensors: Sequence[int], stored: Stored, *, now: datetime) -> tuple[Window, ...]:
    """Return one call per sensor for the stretch up to now in which readings may still arrive or change.

    It begins PROVISIONAL before the end of the last known bucket, at the first unknown one of the last hours
    if that is earlier, and at most a week ago; a new sensor begins with the day of 48 hours ago.
    """
    end = midnight(day_of(now)) + ((now - midnight(day_of(now))) // STEP + 1) * STEP
    return tuple(
        Window(sensor=sensor, start=_begins(sensor, stored, now=now, end=end), end=end) for sensor in sensors
    )


def again(days: Mapping[int, Sequence[date]]) -> tuple[Window, ...]:
    """Return the calls for days that are due again: of each sensor the newest first, a week at most each."""
    windows = []
    for sensor, some in days.items():
        left = sorted(some)
        while left:
            end = midnight(left[-1]) + DAY
            together = [day for day in left if midnight(day) >= end - LONGEST]
            windows.append(Window(sensor=sensor, start=midnight(together[0]), end=end))
            left = left[: -len(together)]
    return tuple(windows)


def ask_again_at(day: date, *, complete: bool, asked_at: datetime | None) -> datetime | None:
    """Return when a UTC day is due again that was last asked for as a whole at a moment; None if never.

    None as `asked_at` means that it was not yet.
    """
    ended = midnight(day) + DAY
    if asked_at is None or asked_at < ended + SOON:
        return ended + SOON
    age = asked_at - ended
    ages = COMPLETE_AGAIN if complete else GAPPY_AGAIN
    later = next((one for one in ages if one > age), None)
    if later is None and not complete:
        later = (age // GAPPY_EVERY + 1) * GAPPY_EVERY
        later = later if later < HISTORY else None
    return None if later is None else ended + later


def covers(window: Window, day: date) -> bool:
    """Return whether a call asked for all of a UTC day."""
    return window.start <= midnight(day) and midnight(day) + DAY <= window.end


def week(
    sensors: Sequence[int], asked: Mapping[int, Set[date]], *, below: date, goal: date
) -> tuple[date, tuple[Window, ...]]:
    """Return the newest week below a day in which something was never fetched: its first day and its calls.

    Without calls nothing is left to fetch down to the goal.
    """
    while below > goal:
        first = max(goal, below - LONGEST)
        days = [first + timedelta(days=number) for number in range((below - first).days)]
        windows = []
        for sensor in sensors:
            absent = [day for day in days if day not in asked.get(sensor, ())]
            if absent:
                start, end = midnight(absent[0]), midnight(absent[-1]) + DAY
                windows.append(Window(sensor=sensor, start=start, end=end))
        if windows:
            return first, tuple(windows)
        below = first
    return goal, ()


def _begins(sensor: int, stored: Stored, *, now: datetime, end: datetime) -> datetime:
    first = day_of(end - LONGEST)
    count = (day_of(end - STEP) - first).days + 1
    rows = [stored.get((sensor, first + number * DAY)) for number in range(count)]
    known = np.concatenate([np.zeros(BUCKETS, dtype=bool) if row is None else row for row in rows])
    at = np.flatnonzero(known)
    if not at.size:
        return midnight(day_of(now - FIRST_STRETCH))
    begins = min(midnight(first) + (int(at[-1]) + 1) * STEP, end) - PROVISIONAL
    youngest = max(0, (now - HOLES - midnight(first)) // STEP)
    holes = np.flatnonzero(~known[youngest : int(at[-1])])
    if holes.size:
        begins = min(begins, midnight(first) + (youngest + int(holes[0])) * STEP)
    return max(begins, end - LONGEST)
