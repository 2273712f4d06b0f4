"""What a home does now, from the newest reading of each sensor, and how old that is.

This module knows when readings of different sensors still belong together, and the four steps in which they
age.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import BigIntegerField

from gridshare_portal import built
from gridshare_portal.telemetry import balance, meters, missing, stored
from gridshare_portal.telemetry.models import Latest

_HOME = built.Given("home", BigIntegerField())
_LATEST = built.Query(lambda: Latest.objects.filter(sensor__site=_HOME))
FRESH, LATE, STALE = timedelta(minutes=20), timedelta(minutes=30), timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Now:
    """Powers of this moment in W and charge in %; None where unknown.

    `at` is the moment the readings reach to, `read_at` when the home was last read. `roles` are the roles the
    home has sensors for, and `unknown` those of them whose newest reading is too old or empty. The remainder
    is what came in and is not accounted for.
    """

    solar_w: float | None
    charging_w: float | None
    discharging_w: float | None
    from_grid_w: float | None
    to_grid_w: float | None
    home_w: float | None
    remainder_w: float | None
    ev_w: float | None
    relay_w: float | None
    solar_to_home_w: float | None
    solar_to_battery_w: float | None
    solar_to_grid_w: float | None
    battery_to_home_w: float | None
    battery_to_grid_w: float | None
    grid_to_home_w: float | None
    grid_to_battery_w: float | None
    charge_pct: float | None
    at: datetime | None
    read_at: datetime | None
    freshness: str
    roles: tuple[str, ...]
    unknown: tuple[str, ...]


def now_of(home: stored.Home, *, now: datetime) -> Now:
    """Return what the home does now, in at most three queries."""
    read = stored.read(home)
    sensors = [sensor for sensor in read.sensors if sensor.gone_at is None]
    present = {sensor.pk for sensor in sensors}
    latest = {row.sensor_id: row for row in _LATEST.rows(home=read.site.pk) if row.sensor_id in present}
    newest = max((row.at for row in latest.values()), default=None)
    together = np.array([_reading(latest.get(one.pk), newest) for one in sensors], float).reshape(-1, 3)
    went_in, went_out, charged_pct = together.T[:, :, None]
    went_in, went_out = meters.within(went_in, sensors), meters.within(went_out, sensors)
    nowhere = np.zeros(went_in.shape, dtype=bool)
    went = balance.balance(sensors, went_in, went_out, nowhere)
    renamed = {"charged": "charging", "discharged": "discharging"}
    powers = {f"{renamed.get(name, name)}_w": getattr(went, name) for name in balance.COLUMNS}
    powers |= {name.replace("_wh", "_w"): getattr(went.flows, name) for name in balance.FLOWS}
    at = max((min(row.at + missing.STEP, row.read_at) for row in latest.values()), default=None)
    unknown = {sensor.role for sensor, row in zip(sensors, together, strict=True) if np.isnan(row[:2]).any()}
    return Now(
        **{name: _one(column) for name, column in powers.items()},
        charge_pct=_one(balance.charge(sensors, charged_pct, nowhere)),
        at=at,
        read_at=read.collection.last_ok_at if read.collection else None,
        freshness=freshness(at, now=now),
        roles=tuple(sorted(went.roles)),
        unknown=tuple(sorted(unknown)),
    )


def freshness(at: datetime | None, *, now: datetime) -> str:
    """Return the age of readings: fresh, late (over 20 min), stale (over 30 min), silent (over a day)."""
    if at is None:
        return "none"
    age = abs(now - at)  # a reading of the future is no newer than one of the past
    return "fresh" if age <= FRESH else "late" if age <= LATE else "stale" if age <= STALE else "silent"


def _reading(row: Latest | None, newest: datetime | None) -> tuple[float | None, ...]:
    """Return power in, power out and charge; unknown when it is more than a bucket behind the newest."""
    if row is None or newest is None or newest - row.at > missing.STEP:
        return (None, None, None)
    return (row.in_w, row.out_w, row.charge_pct)


def _one(column: np.ndarray) -> float | None:
    return None if np.isnan(column[0]) else float(column[0])
