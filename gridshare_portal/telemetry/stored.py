"""Read what is stored of a home once, so that all queries of a page answer from the same rows.

Knows which sensors count for a home, and which days around a period its figures depend on. Nothing is kept
from one request to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

import numpy as np
from django.db.models import Min, Q

from gridshare_portal.energy import periods, series
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.models import Collection, Day

COUNTED = ("grid", "battery", "solar", "home", "ev", "relay")
COUNTS = Q(role_set__in=COUNTED) | Q(role_set="", role_found__in=COUNTED)


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
    """A home's counted sensors, its collection, and its days from `first` to `last`.

    `births` are the first days with a reading, of those sensors of which a day was empty.
    """

    site: sites.Site
    sensors: Sequence[sites.Sensor]
    collection: Collection | None
    first: date | None = None
    last: date | None = None
    rows: Sequence[StoredDay] = ()
    births: dict[int, date] = field(default_factory=dict)

    @property
    def told_s(self) -> int:
        """How long the longest buckets are that the service told of these days, in seconds."""
        return max((row.told_s for row in self.rows if row.known_count), default=missing.STEP_S)

    def over(self, period: periods.Period) -> Kept:
        """Return the same home with the days of a period, and one day to either side of it."""
        grid = series.grid_over(period, missing.STEP_S)
        first, last = missing.day_of(grid.start - missing.DAY), missing.day_of(grid.end + missing.DAY)
        rows = _rows(self.sensors, first, last)
        births = _births({row.sensor for row in rows if not row.known_count} & shared(self.sensors))
        return replace(self, first=first, last=last, rows=rows, births=births)

    def days(self, first: date, last: date) -> list[StoredDay]:
        """Return the days of all sensors from one day to another; ValueError where not all were read."""
        if self.first is None or self.last is None or first < self.first or last > self.last:
            raise ValueError(f"Of {first} to {last} not every day was read.")
        return [row for row in self.rows if first <= row.day <= last]


Home = sites.Site | Kept


def read(home: Home, period: periods.Period | None = None) -> Kept:
    """Return what is stored of a home, with the days of a period if one is given; a Kept stays as it is."""
    if isinstance(home, Kept):
        return home
    sensors = list(home.sensors.filter(COUNTS).select_related("device"))
    read = Kept(site=home, sensors=sensors, collection=Collection.objects.filter(site=home).first())
    return read if period is None else read.over(period)


def of_several(homes: Sequence[sites.Site], *, first: date, last: date) -> dict[int, Kept]:
    """Return what is stored of many homes from one day to another, by primary key, in four SQL queries."""
    sensors: dict[int, list[sites.Sensor]] = {home.pk: [] for home in homes}
    for sensor in sites.Sensor.objects.filter(COUNTS, site__in=list(sensors)).select_related("device"):
        sensors[sensor.site_id].append(sensor)
    collections = {row.site_id: row for row in Collection.objects.filter(site__in=list(sensors))}
    owners = {sensor.pk: pk for pk, some in sensors.items() for sensor in some}
    rows: dict[int, list[StoredDay]] = {pk: [] for pk in sensors}
    for row in _rows([one for some in sensors.values() for one in some], first, last):
        rows[owners[row.sensor]].append(row)
    empty = {row.sensor for some in rows.values() for row in some if not row.known_count}
    births = _births(empty & {pk for some in sensors.values() for pk in shared(some)})
    return {
        home.pk: Kept(
            site=home,
            sensors=sensors[home.pk],
            collection=collections.get(home.pk),
            first=first,
            last=last,
            rows=rows[home.pk],
            births={pk: day for pk, day in births.items() if owners[pk] == home.pk},
        )
        for home in homes
    }


def shared(sensors: Sequence[sites.Sensor]) -> set[int]:
    """Return the keys of the sensors that share their role with another."""
    count = Counter(sensor.role for sensor in sensors)
    return {sensor.pk for sensor in sensors if count[sensor.role] > 1}


def _rows(sensors: Sequence[sites.Sensor], first: date, last: date) -> list[StoredDay]:
    found = Day.objects.filter(sensor__in=[sensor.pk for sensor in sensors], day__range=(first, last))
    fields = ("sensor_id", "day", "packed", "known", "known_count", "told_s")
    return [StoredDay(*row) for row in found.filter(step_s=missing.STEP_S).values_list(*fields)]


def _births(sensors: set[int]) -> dict[int, date]:
    if not sensors:
        return {}
    known = Day.objects.filter(sensor__in=sensors, known_count__gt=0)
    return dict(known.values_list("sensor").annotate(day=Min("day")).order_by())
