"""How complete a home's readings are per UTC day: of all its sensors together, or of one.

A fetched day without readings is empty; a day not fetched yet is neither full nor empty. One query for any
number of sensors.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry.models import Collection, Day

DAYS = 400
LEVELS = {
    "full": "complete",
    "most": "95 % or more",
    "part": "half or more",
    "little": "less than half",
    "none": "nothing",
    "waits": "not fetched yet",
    "before": "before the first reading",
}


@dataclass(frozen=True, kw_only=True)
class Square:
    """One day: known buckets, expected buckets, and the level that makes."""

    day: date
    known: int
    whole: int
    level: str

    @property
    def percent(self) -> int | None:
        """Return how complete the day is, 100 only if it is; None where no readings are expected."""
        if not self.whole or self.level in ("waits", "before"):
            return None
        return min(99, round(100 * self.known / self.whole)) if self.known < self.whole else 100

    @property
    def says(self) -> str:
        return LEVELS[self.level]


@dataclass(frozen=True, kw_only=True)
class Month:
    """One month as a row of 31 days; None for a day outside the month or the calendar."""

    first: date
    squares: Sequence[Square | None]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The days of a home or of one sensor, newest month first."""

    months: Sequence[Month]
    squares: Sequence[Square]
    counts: Mapping[str, int]

    @property
    def begins_at(self) -> datetime:
        return missing.midnight(self.squares[-1].day)

    @property
    def gaps(self) -> list[Square]:
        return [one for one in reversed(self.squares) if one.level in ("most", "part", "little", "none")]


def calendar_of(
    sensors: Sequence[sites.Sensor], collection: Collection | None, *, only: int | None, now: datetime
) -> Calendar:
    """Return the calendar of all sensors together, or of the one whose pk is `only`."""
    pks = [sensor.pk for sensor in sensors if only in (None, sensor.pk)]
    last = missing.day_of(now)
    first = last - timedelta(days=DAYS - 1)
    rows = Day.objects.filter(sensor__in=pks, day__range=(first, last), step_s=missing.STEP_S)
    known: dict[date, int] = defaultdict(int)
    for day, count in rows.values_list("day", "known_count"):
        known[day] += count
    return calendar(known, sensors=len(pks), first=first, fetched=_fetched(collection), now=now)


def calendar(
    known: Mapping[date, int],
    *,
    sensors: int,
    first: date,
    fetched: tuple[date | None, datetime | None],
    now: datetime,
) -> Calendar:
    """Lay out days by month from the known buckets per day; `fetched` is the period that was fetched."""
    days = [first + timedelta(days=number) for number in range((missing.day_of(now) - first).days + 1)]
    born = min((day for day, count in known.items() if count), default=None)
    squares = [_square(day, known.get(day, 0), sensors, born, fetched) for day in days]
    counts = dict.fromkeys(LEVELS, 0) | Counter(square.level for square in squares)
    return Calendar(months=_months(squares), squares=squares, counts=counts)


def _fetched(collection: Collection | None) -> tuple[date | None, datetime | None]:
    """Return the fetched period (first day, last moment); once the backfill is done, it has no beginning."""
    if collection is None or collection.filled_back_to is None:
        return None, None
    is_over = collection.filled_back_to <= collection.goal
    return (date.min if is_over else collection.filled_back_to), collection.last_ok_at


def _square(
    day: date, known: int, sensors: int, born: date | None, fetched: tuple[date | None, datetime | None]
) -> Square:
    since, until = fetched
    whole = sensors * _whole(day, until)
    if known:
        share = known / max(whole, known)
        level = "full" if share == 1 else "most" if share >= 0.95 else "part" if share >= 0.5 else "little"
    elif not whole or since is None or day < since:
        level = "waits"
    else:
        level = "before" if born is not None and day < born else "none"
    return Square(day=day, known=known, whole=max(whole, known), level=level)


def _whole(day: date, until: datetime | None) -> int:
    """Return how many buckets of a day were over when the home was last read."""
    if until is None:
        return 0
    over = (until - missing.midnight(day)) // missing.STEP
    return min(max(int(over), 0), missing.BUCKETS)


def _months(squares: Sequence[Square]) -> list[Month]:
    by_month: dict[date, dict[int, Square]] = defaultdict(dict)
    for square in squares:
        by_month[square.day.replace(day=1)][square.day.day] = square
    return [
        Month(first=first, squares=[days.get(number) for number in range(1, 32)])
        for first, days in sorted(by_month.items(), reverse=True)
    ]
