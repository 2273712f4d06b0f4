"""Read both counters of a sensor, each with what its power and the other one say of it.

Stored days, roll-ups and every figure read counters by this module alone. It knows what a device can do:
power beyond that is unknown, and so is what a counter jumps by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from gridshare_portal.energy import counters, series
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing

FIELDS = ("in_wh", "out_wh", "in_w", "out_w")
LIMIT_W = 100_000.0  # more than any home's connection carries: a counter that runs faster is wrong
LIMITS_W = {"battery": 50_000.0, "ev": 50_000.0, "relay": 25_000.0}  # of one device, where lower
RATED = {("solar", "pv"), *((role, "") for role in LIMITS_W)}  # role, and kind of device where that matters
MARGIN = 2.0  # ratings are of continuous power, and of one end of an inverter
FULL_IN_H = 1.0  # a battery is never charged in less by much


def read(
    columns: Mapping[str, series.Column], *, limit_w: float = LIMIT_W
) -> tuple[counters.Growth, counters.Growth]:
    """Return what went in and what went out, from whole UTC days of FIELDS in steps of `missing.STEP_S`."""
    in_w, out_w = believable(columns["in_w"], limit_w), believable(columns["out_w"], limit_w)
    wrong = np.isnan(in_w) | np.isnan(out_w)  # one number tells both
    in_w, out_w = np.where(wrong, np.nan, in_w), np.where(wrong, np.nan, out_w)
    in_wh, out_wh = columns["in_wh"], columns["out_wh"]
    return _grown(in_wh, in_w, out_wh, out_w, limit_w), _grown(out_wh, out_w, in_wh, in_w, limit_w)


def limit_of(sensor: sites.Sensor) -> float:
    """Return the most (W) that a sensor's device can do: by its rating where one is told, else by its role.

    A rating may be a setting that was lower at times. So a battery may always do what fills it in an hour. An
    inverter's rating says nothing of the panels behind it, nor of a grid meter that it reads out.
    """
    most_w, device = LIMITS_W.get(sensor.role, LIMIT_W), sensor.device
    if device is None or not {(sensor.role, ""), (sensor.role, device.kind.lower())} & RATED:
        return most_w
    filling_w = (device.capacity_wh or 0.0) / FULL_IN_H if sensor.role == "battery" else 0.0
    rated_w = max(device.power_limit_w or 0.0, filling_w)
    return min(most_w, MARGIN * rated_w) if rated_w > 0 else most_w


def within(power_w: series.Column, sensors: Iterable[sites.Sensor]) -> series.Column:
    """Return powers of sensors, one row each, without those beyond what the device can do."""
    limits = np.array([limit_of(sensor) for sensor in sensors], dtype=float).reshape(-1, 1)
    return believable(power_w, limits)


def believable(power_w: series.Column, limit_w: float | series.Column) -> series.Column:
    """Return powers without those beyond a limit."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(power_w) <= limit_w, power_w, np.nan)


def _grown(
    counter: series.Column,
    power_w: series.Column,
    other_counter: series.Column,
    other_w: series.Column,
    limit_w: float,
) -> counters.Growth:
    step_s = missing.STEP_S
    expected = counters.evidence(power_w, other_w, other_counter, step_s=step_s, limit_w=limit_w)
    return counters.growth(counter, expected, step_s=step_s, limit_w=limit_w, day=missing.BUCKETS)
