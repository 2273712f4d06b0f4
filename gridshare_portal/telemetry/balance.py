"""Put a home's stored days on one grid and add its sensors up into what flows in and out of the home.

Each role has its part in the balance: a battery takes in and gives out, solar gives, the grid does both, and
what none of them explains was used by the home. A role that no sensor has counts as zero, not as unknown;
only without a grid meter is the home's use unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.energy import counters, flows, periods, series
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import days, missing, packing, stored

TAKING, GIVING = {"grid", "battery", "home", "ev", "relay"}, {"grid", "battery", "solar"}
FLOWS = flows.NAMES[:7]
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
        if not self.roles & {"grid", "battery", "solar", "home"}:
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


def columns(home: stored.Home, period: periods.Period, fields: Sequence[str]) -> Columns:
    """Return stored fields of the counted sensors over a period, in a constant number of queries.

    The fields are those of `packing.FIELDS`, with their units; NaN is unknown.
    """
    grid = series.grid_over(period, missing.STEP_S)
    read = stored.read(home, period)
    first, last = missing.day_of(grid.start), missing.day_of(grid.end)
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


def energy(home: stored.Home, period: periods.Period) -> tuple[series.Grid, Balance]:
    """Return the grid of finest buckets of a period and the Wh of each, from the lifetime counters.

    A day to either side is read as well, because whether a counter is believed depends on it: a bucket has
    the same energy in every period.
    """
    grid = series.grid_over(period, missing.STEP_S)
    wide = periods.Period(grid.start - missing.DAY, grid.end + missing.DAY)
    read = columns(stored.read(home, period), wide, ("in_wh", "out_wh"))
    inside = slice(missing.BUCKETS, missing.BUCKETS + grid.count)
    roles = [sensor.role for sensor in read.sensors]
    went_in = _grown(read.values["in_wh"], [role in TAKING for role in roles])[:, inside]
    went_out = _grown(read.values["out_wh"], [role in GIVING for role in roles])[:, inside]
    return grid, balance(read.sensors, went_in, went_out, read.absent[:, inside])


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


def _sum(roles: Sequence[str], values: series.Column, absent: Known, role: str) -> series.Column:
    """Add up the sensors of a role; an absent one counts as zero beside one that is known."""
    rows = [row for row, one in enumerate(roles) if one == role]
    some, away = values[rows], absent[rows]
    if away.any():
        beside = ~np.isnan(some).all(axis=0) | (len(rows) == 1)
        some = np.where(np.isnan(some) & away & beside, 0.0, some)
    total: series.Column = some.sum(axis=0)
    return total


def _grown(counted: series.Column, wanted: Sequence[bool]) -> series.Column:
    grown = np.full(counted.shape, np.nan)
    for row in np.flatnonzero(wanted):
        grown[row] = counters.growth(counted[row], step_s=missing.STEP_S, limit_w=days.LIMIT_W)
    return grown


def _absent(read: stored.Kept, grid: series.Grid, rows: Sequence[stored.StoredDay]) -> Known:
    """Say when sensors were not there: gone since, or, where several share a role, not there yet.

    A battery that was removed, a meter that was replaced or an array that was added must not make the rest of
    history unknown. Only a day that was fetched and brought nothing, before the sensor's first reading,
    proves that it was not there yet; such a row knows no bucket.
    """
    away = np.zeros((len(read.sensors), grid.count), dtype=bool)
    shared = stored.shared(read.sensors)
    numbers = {sensor.pk: number for number, sensor in enumerate(read.sensors)}
    for number, sensor in enumerate(read.sensors):
        if sensor.gone_at is not None and (sensor.pk in shared or sensor.role != "grid"):
            away[number, grid.edge(sensor.gone_at) :] = True
    for row in rows:
        born = read.births.get(row.sensor)
        if not row.known_count and born is not None and row.day < born:
            begins = missing.midnight(row.day)
            away[numbers[row.sensor], grid.edge(begins) : grid.edge(begins + missing.DAY)] = True
    return away
