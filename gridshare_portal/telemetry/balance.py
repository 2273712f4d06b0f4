"""Put a home's stored days on one grid and add its sensors up into what flows in and out of the home.

Each role has its part in the balance: a battery takes in and gives out, solar gives, the grid does both, and
what none of them explains was used by the home. A role that no sensor has counts as zero, not as unknown;
only without a grid meter is the home's use unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.energy import counters, flows, periods, series
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import meters, missing, packing, stored

FLOWS = flows.NAMES[:7]
METERED = {  # each energy that is metered: the role of its sensors, and which of their counters
    "solar": ("solar", "went_out"),
    "charged": ("battery", "went_in"),
    "discharged": ("battery", "went_out"),
    "from_grid": ("grid", "went_in"),
    "to_grid": ("grid", "went_out"),
    "home": ("home", "went_in"),
    "ev": ("ev", "went_in"),
    "relay": ("relay", "went_in"),
}
NONE_IS_ZERO = {"solar", "charged", "discharged"}  # where the home has no sensor for it
BALANCED = {"grid", "battery", "solar", "home"}
TOGETHER = ("from_grid", "home", "remainder")  # what needs every meter at once
COLUMNS = ("solar", "charged", "discharged", "from_grid", "to_grid", "home", "remainder", "ev", "relay")
Known = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Power (W) or energy (Wh) of a home per bucket, NaN where unknown or where the home has no such load."""

    solar: series.Column
    charged: series.Column
    discharged: series.Column
    from_grid: series.Column
    to_grid: series.Column
    home: series.Column
    remainder: series.Column
    ev: series.Column
    relay: series.Column
    flows: flows.Flows
    roles: frozenset[str]

    @property
    def known(self) -> Known:
        """Which buckets are known in everything that the home has."""
        if not self.roles & BALANCED:
            return np.zeros(self.solar.shape, dtype=bool)
        present = self.solar + self.charged + self.discharged
        if "grid" in self.roles:
            present = present + self.from_grid + self.to_grid
        if "home" in self.roles:
            present = present + self.home
        return ~np.isnan(present)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Fields of a home's counted sensors on one grid, one row per sensor.

    `absent` says when a sensor was not there: gone since, or not yet there on a day that was fetched.
    """

    grid: series.Grid
    sensors: Sequence[sites.Sensor]
    values: dict[str, series.Column]
    absent: Known


@dataclass(frozen=True, kw_only=True)
class Metered:
    """What each counter of a home tells of one grid, in and out, one per sensor.

    `absent` says when a sensor was not there, `heard` when it told anything.
    """

    grid: series.Grid
    sensors: Sequence[sites.Sensor]
    went_in: Sequence[counters.Growth]
    went_out: Sequence[counters.Growth]
    absent: Known
    heard: Known

    @cached_property
    def silent(self) -> Known:
        """In which buckets some sensor of the balance told nothing."""
        rows = [row for row, sensor in enumerate(self.sensors) if sensor.role in BALANCED]
        silent: Known = ~(self.heard[rows] | self.absent[rows]).all(axis=0)
        return silent

    @cached_property
    def broken(self) -> Known:
        """In which buckets some counter began anew or jumped."""
        broken: Known = np.any([one.broken for one in (*self.went_in, *self.went_out)], axis=0)
        return np.broadcast_to(broken, (self.grid.count,))

    @cached_property
    def balance(self) -> Balance:
        """The balance of each bucket, in Wh."""
        count = self.grid.count
        into = np.array([one.wh for one in self.went_in], dtype=float).reshape(-1, count)
        out_of = np.array([one.wh for one in self.went_out], dtype=float).reshape(-1, count)
        return balance(self.sensors, into, out_of, self.absent)

    def over(self, first: int, last: int) -> Balance:
        """Return the balance of the buckets from `first` to before `last` as one, as counters know it."""
        absent = self.absent[:, first:last]
        into = [self._over(self.went_in, row, first, last) for row in range(len(self.sensors))]
        out_of = [self._over(self.went_out, row, first, last) for row in range(len(self.sensors))]
        went_in, went_out = (np.array(one, dtype=float).reshape(-1, 1) for one in (into, out_of))
        return balance(self.sensors, went_in, went_out, absent.all(axis=1, keepdims=True))

    def totals(self, between: series.Whole) -> dict[str, series.Column]:
        """Return each metered energy (Wh) of several periods, from what is known of each of its counters.

        A period is a pair of edges of the grid. NaN where nothing is known.
        """
        roles = [sensor.role for sensor in self.sensors]
        parts = {
            name: [one for one, role_of in zip(getattr(self, side), roles, strict=True) if role_of == role]
            for name, (role, side) in METERED.items()
        }
        found = {name: _added([one.totals(between) for one in some]) for name, some in parts.items() if some}
        heard = np.zeros(len(between), dtype=bool)
        for column in found.values():
            heard |= ~np.isnan(column)
        missing = {name: np.where(heard & (name in NONE_IS_ZERO), 0.0, np.nan) for name in METERED}
        return missing | found

    def _over(self, side: Sequence[counters.Growth], row: int, first: int, last: int) -> float:
        there = np.flatnonzero(~self.absent[row, first:last])
        if not there.size:
            return float("nan")
        return side[row].over(first + int(there[0]), first + int(there[-1]) + 1)


def columns(home: stored.Home, period: periods.Period, fields: Sequence[str]) -> Columns:
    """Return stored fields of the counted sensors over a period, in a constant number of queries.

    The fields are those of `packing.FIELDS`, with their units; NaN is unknown.
    """
    grid = series.grid_over(period, missing.STEP_S)
    read = stored.read(home, period)
    first, last = missing.day_of(grid.start), missing.day_of(max(grid.start, grid.end - missing.STEP))
    rows = read.days(first, last)
    decoded = packing.unpack_many([row.packed for row in rows], fields, missing.BUCKETS)
    numbers = {sensor.pk: number for number, sensor in enumerate(read.sensors)}
    at = [numbers[row.sensor] for row in rows], [(row.day - first).days for row in rows]
    shape = (len(read.sensors), (last - first).days + 1, missing.BUCKETS)
    skipped = (grid.start - missing.midnight(first)) // missing.STEP
    values = {}
    for name in fields:
        whole = np.full(shape, np.nan)
        whole[at] = decoded[name]
        values[name] = whole.reshape(shape[0], shape[1] * shape[2])[:, skipped : skipped + grid.count]
    return Columns(grid=grid, sensors=read.sensors, values=values, absent=_absent(read, grid, rows))


def energy(home: stored.Home, period: periods.Period) -> Metered:
    """Return what the home's counters tell of a period's finest buckets.

    Whole UTC days are read, with one to either side, because a counter is judged by those: a bucket has the
    same energy in every period.
    """
    grid = series.grid_over(period, missing.STEP_S)
    first = missing.midnight(missing.day_of(grid.start)) - missing.DAY
    last = missing.midnight(missing.day_of(max(grid.start, grid.end - missing.STEP))) + 2 * missing.DAY
    read = columns(stored.read(home, period), periods.Period(first, last), meters.FIELDS)
    begins = (grid.start - first) // missing.STEP
    inside = slice(begins, begins + grid.count)
    grown = [
        meters.read({name: column[row] for name, column in read.values.items()}, limit_w=meters.limit_of(one))
        for row, one in enumerate(read.sensors)
    ]
    return Metered(
        grid=grid,
        sensors=read.sensors,
        went_in=tuple(into.cut(inside) for into, _ in grown),
        went_out=tuple(out_of.cut(inside) for _, out_of in grown),
        absent=read.absent[:, inside],
        heard=np.any([~np.isnan(one[:, inside]) for one in read.values.values()], axis=0),
    )


def balance(
    sensors: Sequence[sites.Sensor], went_in: series.Column, went_out: series.Column, absent: Known
) -> Balance:
    """Add up sensors by role and derive the home's use; one unknown sensor makes its role unknown.

    `went_in` and `went_out` hold one row per sensor, in W or Wh.
    """
    roles = [sensor.role for sensor in sensors]
    into, out_of = partial(_sum, roles, went_in, absent), partial(_sum, roles, went_out, absent)
    metered = {
        "solar": out_of("solar"),
        "charged": into("battery"),
        "discharged": out_of("battery"),
        "from_grid": into("grid") if "grid" in roles else into("grid") + np.nan,
        "to_grid": out_of("grid") if "grid" in roles else out_of("grid") + np.nan,
    }
    split = flows.split(**{f"{name}_wh": column for name, column in metered.items()})
    home = into("home") if "home" in roles else split.home_wh
    return Balance(
        **metered,
        home=home,
        remainder=split.home_wh + split.remainder_wh - home,
        ev=into("ev") if "ev" in roles else into("ev") + np.nan,
        relay=into("relay") if "relay" in roles else into("relay") + np.nan,
        flows=split,
        roles=frozenset(roles),
    )


def charge(sensors: Sequence[sites.Sensor], charge_pct: series.Column, absent: Known) -> series.Column:
    """Return the charge (%) of all batteries, weighted by capacity, or the plain mean where one has none."""
    rows = [row for row, sensor in enumerate(sensors) if sensor.role == "battery"]
    capacities = [device.capacity_wh if (device := sensors[row].device) else None for row in rows]
    sizes = np.array(capacities if all(capacities) else [1.0] * len(rows), dtype=float)
    weights = np.where(absent[rows], 0.0, sizes[:, None])
    filled = np.where(absent[rows], 0.0, charge_pct[rows])
    total = weights.sum(axis=0)
    return np.where(total > 0, (filled * weights).sum(axis=0) / np.where(total > 0, total, 1.0), np.nan)


def _added(sums: Sequence[series.Column]) -> series.Column:
    """Add up what is known of several sensors; NaN where nothing is."""
    every = np.array(sums)
    return np.where(np.isnan(every).all(axis=0), np.nan, np.nansum(every, axis=0))


def _sum(roles: Sequence[str], values: series.Column, absent: Known, role: str) -> series.Column:
    """Add up the sensors of a role; an absent one counts as zero beside one that is known."""
    rows = [row for row, one in enumerate(roles) if one == role]
    some, away = values[rows], absent[rows]
    if away.any():
        beside = ~np.isnan(some).all(axis=0) | (len(rows) == 1)
        some = np.where(np.isnan(some) & away & beside, 0.0, some)
    total: series.Column = some.sum(axis=0)
    return total


def _absent(read: stored.Kept, grid: series.Grid, rows: Sequence[stored.StoredDay]) -> Known:
    """Say when sensors were not there: gone since, or, where several share a role, not there yet.

    A battery that was removed, a meter that was replaced or an array that was added must not make the rest of
    history unknown. A sensor is gone after the last reading before that was noticed. Only a day that was
    fetched and brought nothing, before the sensor's first reading, proves that it was not there yet, and the
    day after it up to that reading; such a row knows no bucket.
    """
    away = np.zeros((len(read.sensors), grid.count), dtype=bool)
    days: dict[int, dict[date, stored.StoredDay]] = {sensor.pk: {} for sensor in read.sensors}
    for row in rows:
        days[row.sensor][row.day] = row
    for number, sensor in enumerate(read.sensors):
        own = days[sensor.pk]
        if sensor.pk in read.ends:
            away[number, grid.edge(read.ends[sensor.pk]) :] = True
        born = read.births.get(sensor.pk)
        for day, row in own.items():
            if born is None or row.known_count or day >= born:
                continue
            begins, ends = missing.midnight(day), missing.midnight(day + missing.DAY)
            if day + missing.DAY == born and born in own:
                ends += own[born].edges()[0] * missing.STEP
            away[number, grid.edge(begins) : grid.edge(ends)] = True
    return away
