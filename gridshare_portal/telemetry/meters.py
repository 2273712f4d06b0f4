"""Read both counters of a sensor, each with what its power and the other one say of it.

Stored days, roll-ups and every figure read counters by this module alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gridshare_portal.energy import counters, series
from gridshare_portal.telemetry import missing

FIELDS = ("in_wh", "out_wh", "in_w", "out_w")
LIMIT_W = 100_000.0  # more than any home's connection carries: a counter that runs faster is wrong
LIMITS_W = {"battery": 50_000.0, "ev": 50_000.0, "relay": 25_000.0}  # of one device, where lower


def read(columns: Mapping[str, series.Column]) -> tuple[counters.Growth, counters.Growth]:
    """Return what went in and what went out, from whole UTC days of FIELDS in steps of `missing.STEP_S`."""
    in_w, out_w = believable(columns["in_w"]), believable(columns["out_w"])
    wrong = np.isnan(in_w) | np.isnan(out_w)  # one number tells both
    in_w, out_w = np.where(wrong, np.nan, in_w), np.where(wrong, np.nan, out_w)
    in_wh, out_wh = columns["in_wh"], columns["out_wh"]
    return _grown(in_wh, in_w, out_wh, out_w), _grown(out_wh, out_w, in_wh, in_w)


def within(power_w: series.Column, roles: Sequence[str]) -> series.Column:
    """Return powers of sensors, one row each, without those beyond what a device of that role can do."""
    limits = np.array([LIMITS_W.get(role, LIMIT_W) for role in roles], dtype=float).reshape(-1, 1)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(power_w) <= limits, power_w, np.nan)


def believable(power_w: series.Column) -> series.Column:
    """Return powers without those that no home's connection carries."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(power_w) <= LIMIT_W, power_w, np.nan)


def _grown(
    counter: series.Column, power_w: series.Column, other_counter: series.Column, other_w: series.Column
) -> counters.Growth:
    step_s = missing.STEP_S
    expected = counters.evidence(power_w, other_w, other_counter, step_s=step_s, limit_w=LIMIT_W)
    return counters.growth(counter, expected, step_s=step_s, limit_w=LIMIT_W, day=missing.BUCKETS)
