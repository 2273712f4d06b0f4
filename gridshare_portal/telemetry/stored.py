"""Read what is stored of a home once, so that all queries of a page answer from the same rows.

Knows which sensors count for a home, and which days around a period its figures depend on. Nothing is kept
from one request to the next.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
from django.db.models import BigIntegerField, DateField, Min, Q

from gridshare_portal import built
from gridshare_portal.energy import periods, series
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.models import Collection, Day

COUNTED = ("grid", "battery", "solar", "home", "ev", "relay")
COUNTS = Q(role_set__in=COUNTED) | Q(role_set="", role_found__in=COUNTED)
NOTICED_DAYS = 3  # within so many days it is seen that a sensor is gone

_FIELDS = ("sensor_id", "day", "packed", "known", "known_count", "told_s")
_HOME = built.Given("home", BigIntegerField())
_SENSORS = built.Query(lambda: sites.Sensor.objects.filter(COUNTS, site=_HOME).select_related("device"))
_COLLECTION = built.Query(lambda: Collection.objects.filter(site=_HOME))
_DAYS = built.Query(
    lambda: Day.objects.filter(
        sensor__in=sites.Sensor.objects.filter(COUNTS, site=_HOME).order_by().values("pk"),
        day__gte=built.Given("first", DateField()),
        day__lte=built.Given("last", DateField()),
        step_s=missing.STEP_S,
    ).values_list(*_FIELDS)
)


class StoredDay(NamedTuple):
    sensor: int
    day: date
    packed: packing.Packed
    known: packing.Packed
    known_count: int
    told_s: int = missing.STEP_S

    def edges(self) -> tuple[int, int]:
        """Return the first known bucket and one past the last; (0, 0) where none is."""
        at = np.flatnonzero(packing.flags(self.known, missing.BUCKETS))
        return (int(at[0]), int(at[-1]) + 1) if at.size else (0, 0)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A home's counted sensors, its collection, and its days from `first` to `last`, read when first used.

    With `dates` only those of them are read. `given` are days, and what else is read with them, that were
    read together with those of other homes.
    """

    site: sites.Site
    sensors: Sequence[sites.Sensor]
    collection: Collection | None
    first: date | None = None
    last: date | None = None
    dates: frozenset[date] | None = None
    given: Given | None = None

    @cached_property
    def rows(self) -> Sequence[StoredDay]:
        """The days of all sensors."""
        if self.given is not None:
            return self.given.rows
        if self.first is None or self.last is None:
            return ()
        if self.dates is not None:
            return _of_dates(self.sensors, self.dates)
        values = {"home": self.site.pk, "first": self.first, "last": self.last}
        return [StoredDay(*row) for row in _DAYS.tuples(**values)]

    @cached_property
    def births(self) -> dict[int, date]:
        """The first days with a reading, of those sensors that share a role and of which a day is empty."""
        if self.given is not None:
            return self.given.births
        return _births({row.sensor for row in self.rows if not row.known_count} & shared(self.sensors))

    @cached_property
    def ends(self) -> dict[int, datetime]:
        """When sensors that are gone told something for the last time, or were seen to be gone."""
        return self.given.ends if self.given is not None else _ends(self.sensors)

    @property
    def told_s(self) -> int:
        """How long the longest buckets are that the service told of these days, in seconds."""
        return max((row.told_s for row in self.rows if row.known_count), default=missing.STEP_S)

    def over(self, period: periods.Period) -> Kept:
        """Return the same home with the days of a period, and one day to either side of it."""
        grid = series.grid_over(period, missing.STEP_S)
        first, last = missing.day_of(grid.start - missing.DAY), missing.day_of(grid.end + missing.DAY)
        return replace(self, first=first, last=last, dates=None, given=None)

    def on(self, dates: Set[date]) -> Kept:
        """Return the same home with some UTC days, and none of those between them."""
        return replace(self, first=min(dates), last=max(dates), dates=frozenset(dates), given=None)

    def days(self, first: date, last: date) -> list[StoredDay]:
        """Return the days of all sensors from one day to another; ValueError where not all were read."""
        if self.first is None or self.last is None or first < self.first or last > self.last:
            raise ValueError(f"Of {first} to {last} not every day was read.")
        return [row for row in self.rows if first <= row.day <= last]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was read of a home: its days, births and ends."""

    rows: Sequence[StoredDay]
    births: dict[int, date]
    ends: dict[int, datetime]


Home = sites.Site | Kept


def read(home: Home, period: periods.Period | None = None) -> Kept:
    """Return what is stored of a home, with the days of a period if one is given; a Kept stays as it is."""
    if isinstance(home, Kept):
        return home
    sensors, collection = _SENSORS.rows(home=home.pk), _COLLECTION.first(home=home.pk)
    read = Kept(site=home, sensors=sensors, collection=collection)
    return read if period is None else read.over(period)


def of_several(homes: Sequence[sites.Site], *, first: date, last: date) -> dict[int, Kept]:
    """Return what is stored of many homes from one day to another, by primary key, in a few SQL queries."""
    sensors: dict[int, list[sites.Sensor]] = {home.pk: [] for home in homes}
    for sensor in sites.Sensor.objects.filter(COUNTS, site__in=list(sensors)).select_related("device"):
        sensors[sensor.site_id].append(sensor)
    collections = {row.site_id: row for row in Collection.objects.filter(site__in=list(sensors))}
    owners = {sensor.pk: pk for pk, some in sensors.items() for sensor in some}
    rows: dict[int, list[StoredDay]] = {pk: [] for pk in sensors}
    found = Day.objects.filter(sensor__in=list(owners), day__range=(first, last), step_s=missing.STEP_S)
    for row in itertools.starmap(StoredDay, found.values_list(*_FIELDS)):
        rows[owners[row.sensor]].append(row)
    empty = {row.sensor for some in rows.values() for row in some if not row.known_count}
    births = _births(empty & {pk for some in sensors.values() for pk in shared(some)})
    ends = _ends_of(sensors)
    return {
        home.pk: Kept(
            site=home,
            sensors=sensors[home.pk],
            collection=collections.get(home.pk),
            first=first,
            last=last,
            given=Given(
                rows=rows[home.pk],
                births={pk: day for pk, day in births.items() if owners[pk] == home.pk},
                ends=ends[home.pk],
            ),
        )
        for home in homes
    }


def shared(sensors: Sequence[sites.Sensor]) -> set[int]:
    """Return the keys of the sensors that share their role with another."""
    count = Counter(sensor.role for sensor in sensors)
    return {sensor.pk for sensor in sensors if count[sensor.role] > 1}


def _of_dates(sensors: Sequence[sites.Sensor], dates: Set[date]) -> list[StoredDay]:
    found = Day.objects.filter(sensor__in=[sensor.pk for sensor in sensors], step_s=missing.STEP_S)
    whole = (max(dates) - min(dates)).days + 1
    few = {"day__in": sorted(dates)} if 2 * len(dates) < whole else {"day__range": (min(dates), max(dates))}
    return [StoredDay(*row) for row in found.filter(**few).values_list(*_FIELDS) if row[1] in dates]


def _births(sensors: set[int]) -> dict[int, date]:
    if not sensors:
        return {}
    known = Day.objects.filter(sensor__in=sensors, known_count__gt=0)
    return dict(known.values_list("sensor").annotate(day=Min("day")).order_by())


def _ends(sensors: Sequence[sites.Sensor]) -> dict[int, datetime]:
    return _ends_of({0: sensors})[0]


def _ends_of(homes: Mapping[int, Sequence[sites.Sensor]]) -> dict[int, dict[int, datetime]]:
    """Return by home when sensors that are gone told something for the last time: after it they are no part.

    Without the only grid meter the home's use is unknown, so that one never stands for nothing.
    """
    gone: dict[int, datetime] = {}
    for sensors in homes.values():
        beside = shared(sensors)
        left = [one for one in sensors if one.role != "grid" or one.pk in beside]
        gone |= {one.pk: one.gone_at for one in left if one.gone_at is not None}
    ends = dict(gone)
    if gone:
        back = range(NOTICED_DAYS)
        near = {(pk, missing.day_of(at) - number * missing.DAY) for pk, at in gone.items() for number in back}
        told = Day.objects.filter(sensor__in=gone, day__in={day for _, day in near}, known_count__gt=0)
        for row in itertools.starmap(StoredDay, told.order_by("day").values_list(*_FIELDS)):
            if (row.sensor, row.day) in near:
                last = missing.midnight(row.day) + row.edges()[1] * missing.STEP
                ends[row.sensor] = min(gone[row.sensor], last)
    return {pk: {one.pk: ends[one.pk] for one in some if one.pk in ends} for pk, some in homes.items()}
