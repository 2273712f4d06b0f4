"""Decide what to ask for next: the newest stretch again, then the past, week by week.

Pure: what is stored and the moment go in, a stretch to ask for comes out. Nothing that is
closed is ever asked for again.
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
class Ask:
    """One call: a sensor's buckets that start within [start, end)."""

    sensor: int
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What is stored of one sensor's day: which buckets, and whether it is closed."""

    known: np.ndarray
    closed: bool


def midnight(day: date) -> datetime:
    """Return the moment at which a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def day_of(moment: datetime) -> date:
    """Return the UTC day that the moment lies in."""
    return moment.astimezone(UTC).date()


def newest(
    sensors: Sequence[int], stored: Mapping[tuple[int, date], Stored], *, now: datetime
) -> tuple[Ask, ...]:
    """Return one call per sensor for the stretch that may still bring something, up to this moment.

    It begins at the first unknown bucket of a day that is not closed, a little earlier because the
    last buckets may have changed; a new sensor begins with the day of 48 hours ago.
    """
    end = midnight(day_of(now)) + ((now - midnight(day_of(now))) // STEP + 1) * STEP
    return tuple(
        Ask(sensor=sensor, start=max(_open_from(sensor, stored, now), end - LONGEST), end=end)
        for sensor in sensors
    )


def week(
    sensors: Sequence[int], closed: Mapping[int, Set[date]], *, below: date, goal: date
) -> tuple[date, tuple[Ask, ...]]:
    """Return the newest week below a day in which something was never asked for, by its first day and calls.

    Without calls there is nothing left to ask for down to the goal.
    """
    while below > goal:
        first = max(goal, below - LONGEST)
        days = [first + timedelta(days=number) for number in range((below - first).days)]
        asks = []
        for sensor in sensors:
            absent = [day for day in days if day not in closed.get(sensor, ())]
            if absent:
                asks.append(Ask(sensor=sensor, start=midnight(absent[0]), end=midnight(absent[-1]) + DAY))
        if asks:
            return first, tuple(asks)
        below = first
    return goal, ()


def closes(day: date, known: np.ndarray, *, asked: Ask, now: datetime) -> bool:
    """Say whether a day's readings are final: complete and over for 2 hours, or over for 48.

    A day is never closed on buckets that this answer was not asked for.
    """
    over = now - midnight(day) - DAY
    if known.all():
        return over > SETTLED
    absent = np.flatnonzero(~known)
    covered = midnight(day) + int(absent[0]) * STEP >= asked.start
    return over >= GIVEN_UP and covered and midnight(day) + int(absent[-1]) * STEP < asked.end


def _open_from(sensor: int, stored: Mapping[tuple[int, date], Stored], now: datetime) -> datetime:
    today, recent = day_of(now), day_of(now - FIRST_STRETCH)
    day = day_of(now - LONGEST)
    while day <= today:
        row = stored.get((sensor, day))
        if row is None and day >= recent:
            return midnight(day)
        if row is not None and not row.closed:
            return max(midnight(day), midnight(day) + _first_absent(row.known) * STEP - OVERLAP)
        day += DAY
    return midnight(today)


def _first_absent(known: np.ndarray) -> int:
    return len(known) if known.all() else int(np.argmin(known))
