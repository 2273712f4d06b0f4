"""A synthetic day of a home: solar, consumption, battery and car in each quarter hour. Pure.

There are KINDS days, shifted by the home's time zone; every day repeats, so that counters grow on from one to
the next. In every quarter hour as much energy comes in as goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random

import numpy as np

from gridshare_portal.sites.models import Role
from gridshare_portal.telemetry import missing

KINDS = 6
STEP_H = missing.STEP_S / 3600
WHOLE_W = 8.0  # powers are multiples of this, so that halves and quarter hours of them stay whole
BATTERY_WH, LEAST_PCT, MOST_PCT = 10_000.0, 12.0, 96.0
CHARGES_AT_MOST_W = 3000.0
BEGAN_ON = date(2024, 1, 1)  # when all counters were zero


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a home's day depends on: its roles, a kind, and its offset from UTC in quarter hours."""

    roles: frozenset[str]
    kind: int
    shift: int


@dataclass(frozen=True, kw_only=True)
class Course:
    """One sensor's day, a value for each quarter hour."""

    in_w: np.ndarray
    out_w: np.ndarray
    charge_pct: np.ndarray | None

    def counted_wh(self, name: str, day: date) -> np.ndarray:
        """Return the counter beside `in_w` or `out_w`, at the end of each quarter hour of a day."""
        grown: np.ndarray = getattr(self, name).cumsum() * STEP_H
        counted: np.ndarray = (day - BEGAN_ON).days * grown[-1] + grown
        return counted

    def columns(self, day: date) -> dict[str, np.ndarray]:
        """Return what is read of the sensor on a day, by the names of readings."""
        columns = {"in_w": self.in_w, "out_w": self.out_w}
        columns |= {f"{name}_wh": self.counted_wh(f"{name}_w", day) for name in ("in", "out")}
        return columns if self.charge_pct is None else columns | {"charge_pct": self.charge_pct}


@lru_cache(maxsize=1024)
def day_of(key: Key, role: str, sharing: int = 1) -> Course:
    """Return the day of one of `sharing` sensors that play this role together."""
    flows = _flows(key)
    in_w, out_w, charge_pct = flows.get(role, flows[Role.EV])
    return Course(in_w=in_w / sharing, out_w=out_w / sharing, charge_pct=charge_pct)


@lru_cache(maxsize=512)
def _flows(key: Key) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Return by role what goes in and out (W), and the charge (%)."""
    hours = (np.arange(missing.BUCKETS) + key.shift) % missing.BUCKETS * STEP_H
    solar_w, used_w, car_w = _sun(key, hours), _used(key, hours), _car(key, hours)
    charging_w, discharging_w = _battery(key, hours, solar_w, used_w)
    net_w = used_w + car_w + charging_w - solar_w - discharging_w
    nothing = np.zeros(missing.BUCKETS)
    return {
        Role.SOLAR: (nothing, solar_w, None),
        Role.BATTERY: (charging_w, discharging_w, _charge(key, charging_w - discharging_w)),
        Role.GRID: (np.maximum(net_w, 0.0), np.maximum(-net_w, 0.0), None),
        Role.EV: (car_w, nothing, None),
    }


def _sun(key: Key, hours: np.ndarray) -> np.ndarray:
    if Role.SOLAR not in key.roles:
        return np.zeros_like(hours)
    height = np.sin(np.pi * np.clip((hours - 6.5) / 12, 0, 1))
    return _whole(height * (2200 + 900 * key.kind) * _weather(key.kind, hours, 0.55))


def _used(key: Key, hours: np.ndarray) -> np.ndarray:
    morning, evening = (np.exp(-((hours - at) ** 2) / wide) for at, wide in ((7.5, 1.5), (19.0, 6.0)))
    plain_w = 240 + 60 * key.kind + (700 + 100 * key.kind) * morning + (1100 + 150 * key.kind) * evening
    return _whole(plain_w * _weather(key.kind + KINDS, hours, 0.7))


def _car(key: Key, hours: np.ndarray) -> np.ndarray:
    parked = (hours >= 1) & (hours < 3 + key.kind / 2)
    return np.where(parked, 7200.0, 0.0) if Role.EV in key.roles else np.zeros_like(hours)


def _battery(
    key: Key, hours: np.ndarray, solar_w: np.ndarray, used_w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return charging and discharging (W): from the sun, or else from the grid by day; discharging by
    night.
    """
    if Role.BATTERY not in key.roles:
        return np.zeros_like(hours), np.zeros_like(hours)
    spare_w = np.maximum(solar_w - used_w, 0.0) if solar_w.any() else np.full_like(hours, 1200.0)
    wanted_w = np.where((hours >= 7) & (hours < 17), np.minimum(spare_w, CHARGES_AT_MOST_W), 0.0)
    needed_w = np.where((hours >= 18) | (hours < 6), used_w, 0.0)
    usable_wh = BATTERY_WH * (MOST_PCT - LEAST_PCT) / 100
    moved_wh = min(wanted_w.sum() * STEP_H, needed_w.sum() * STEP_H * 0.9, usable_wh)
    charging_w, discharging_w = (
        _whole(one_w * moved_wh / max(one_w.sum() * STEP_H, 1.0)) for one_w in (wanted_w, needed_w)
    )
    return charging_w, discharging_w


def _charge(key: Key, charging_w: np.ndarray) -> np.ndarray:
    """Return the charge (%) at the end of each quarter hour; at its lowest, only the reserve is left."""
    stored_wh = charging_w.cumsum() * STEP_H
    charge_pct = LEAST_PCT + key.kind + (stored_wh - np.min(stored_wh)) / BATTERY_WH * 100
    rounded: np.ndarray = np.round(np.minimum(charge_pct, 100.0), 1)
    return rounded


def _weather(kind: int, hours: np.ndarray, least: float) -> np.ndarray:
    """Return a factor for each quarter hour: clouds, or varying consumption."""
    dice = Random(f"weather {kind}")
    factors = np.array([dice.uniform(least, 1.0) for _ in range(missing.BUCKETS)])
    here: np.ndarray = factors[np.rint(hours / STEP_H).astype(int)]
    return here


def _whole(power_w: np.ndarray) -> np.ndarray:
    whole: np.ndarray = np.round(power_w / WHOLE_W) * WHOLE_W
    return whole
