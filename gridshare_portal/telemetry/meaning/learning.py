"""Conclude from a day of raw readings how a sensor tells them: only what they show without doubt.

Two counters and a power tell the same energy, so each shows the other's sign and scale. Counters only grow;
where power says another direction, the counters decide. What a day cannot show (nothing flowed, everything in
the same unusual unit) is left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.gridshare import types
from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry.meaning import told

Floats = NDArray[np.float64]
DAY_OF_READINGS_S = 20 * 3600
WHOLE = 0.75  # so much of a day is there, for its step to be seen
REGULAR = 0.9  # so many distances fit the step
FEWEST = 4  # buckets in which something flowed
LEAST_WH = 100.0
SURE = 0.8  # so much of the energy has one direction
ALIKE, NEAR = 0.6, 1.4  # so much of it has one ratio, and how far off that may be
KILO = 1000.0
HIGHEST_KW, LEAST_W = 100.0, 50.0  # no home has more kW; of less than that in W nobody can tell it from kW
BEYOND = 100_000.0  # no power is that high: a mark for no value
STILL_RUNS_S = 120  # so long before its end a bucket was told that cannot be over yet
PERCENT = 1.01  # a charge above is no fraction
BATTERY_WH = 1500.0  # each battery holds more in all, and less in a hundredth
MOVED, MOVED_ALONE = 0.02, 0.2  # how far a charge goes up and down in a day, for it to say something


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Raw readings, in order; of which stretch they were asked for, and when."""

    readings: Sequence[types.Reading]
    start: datetime
    end: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """What power and counters tell of neighboring buckets; the unit is that of the answer times hours."""

    by_power: Floats
    by_counters: Floats
    charge: Floats
    highest: float


def learned(answer: Answer, before: told.Told) -> dict[str, int | str]:
    """Return what an answer shows without doubt, by the names of `told.Told`."""
    readings = answer.readings
    if len(readings) < 2:
        return {}
    at_s = np.array([one.at.timestamp() for one in readings])
    found: dict[str, int | str] = {}
    if at_s[-1] - at_s[0] + before.step_s >= DAY_OF_READINGS_S:
        step = step_of(at_s)
        if step in told.CHOICES["step_s"]:
            found["step_s"] = step
    step_s = int(found.get("step_s", before.step_s))
    if _ends(at_s, answer, step_s):
        found["stamps"] = told.END
    if "step_s" in found:
        found |= _signs_and_scales(_pairs(readings, at_s, step_s), before)
    return found


def stamps_by(before: types.Reading, *, read_at: datetime, again: types.Reading, now: datetime) -> str:
    """Return what the newest bucket says of stamps when it is told again later; "" where it says nothing.

    Stamped at its start it still ran, and has changed since; stamped at its end it was over, and has not.
    """
    left_s = missing.STEP_S - (read_at - before.at).total_seconds()
    ran = STILL_RUNS_S <= left_s <= missing.STEP_S
    if before.at != again.at or not ran or now < before.at + missing.STEP:
        return ""
    powers = [one for one in (before.in_w, before.out_w) if one is not None]
    if max(powers, default=0.0) < LEAST_W:
        return ""
    names = ("in_w", "out_w", "in_wh", "out_wh")
    is_same = all(getattr(before, name) == getattr(again, name) for name in names)
    return told.END if is_same else told.START


def step_of(at_s: Floats) -> int:
    """Return the length (s) of buckets that a day or more of stamps shows; 0 where it shows none."""
    gaps = np.diff(at_s)
    if not gaps.size or (gaps <= 0).any():
        return 0
    lengths, counts = np.unique(gaps, return_counts=True)
    step = float(lengths[np.argmax(counts)])
    regular = np.isclose(gaps % step, 0) | np.isclose(gaps % step, step)
    covered = (len(gaps) + 1) * step / (at_s[-1] - at_s[0] + step)
    return int(step) if regular.mean() >= REGULAR and covered >= WHOLE else 0


def _ends(at_s: Floats, answer: Answer, step_s: int) -> bool:
    """Say whether stamps are the ends of buckets: one is still to come, or they lie one step too late.

    A service that chooses by starts, and stamps ends, answers a stretch of the past with stamps from a step
    after its beginning up to its very end.
    """
    now_s, start_s, end_s = (one.timestamp() for one in (answer.now, answer.start, answer.end))
    ahead_s = float(at_s[-1]) - now_s
    if step_s / 3 < ahead_s <= step_s:
        return True
    whole = (end_s - start_s) / step_s
    return (
        end_s <= now_s - 2 * step_s
        and end_s - start_s >= DAY_OF_READINGS_S
        and len(at_s) >= REGULAR * whole
        and abs(float(at_s[0]) - start_s - step_s) < 1
        and abs(float(at_s[-1]) - end_s) < 1
    )


def _pairs(readings: Sequence[types.Reading], at_s: Floats, step_s: int) -> _Pairs:
    into, out_of, in_wh, out_wh, charge = (
        _column(readings, name) for name in ("in_w", "out_w", "in_wh", "out_wh", "charge_pct")
    )
    with np.errstate(invalid="ignore"):
        power = np.where(np.fmax(into, out_of) < BEYOND, into - out_of, np.nan)
    together = np.isclose(np.diff(at_s), step_s)
    return _Pairs(
        by_power=np.where(together, power[1:] * step_s / 3600, np.nan),
        by_counters=np.where(together, _growth(in_wh, out_wh), np.nan),
        charge=charge[~np.isnan(charge)],
        highest=float(np.nanmax(np.abs(power), initial=0.0)),
    )


def _growth(in_wh: Floats, out_wh: Floats) -> Floats:
    """Return what counters say went in, less what went out; NaN where one that is told fell or is missing."""
    net = np.zeros(len(in_wh) - 1) if not (np.isnan(in_wh) & np.isnan(out_wh)).all() else np.array(np.nan)
    for sign, counter in ((1.0, in_wh), (-1.0, out_wh)):
        if not np.isnan(counter).all():
            grown = np.diff(counter)
            with np.errstate(invalid="ignore"):
                net = net + sign * np.where(grown >= 0, grown, np.nan)
    return net


def _signs_and_scales(pairs: _Pairs, before: told.Told) -> dict[str, int | str]:
    power, counted = np.abs(pairs.by_power), np.abs(pairs.by_counters)
    both = (power > 0) & (counted > 0)
    found: dict[str, int | str] = {}
    if int(both.sum()) >= FEWEST:
        ratios = counted[both] / power[both]
        ratio = _median(ratios, power[both])
        alike = float(power[both][_near(ratios, ratio)].sum()) / float(power[both].sum())
        scales = _scales(ratio, pairs.highest) if alike >= ALIKE else {}
        if float(counted[both].sum()) * scales.get("counter_scale", before.counter_scale) >= LEAST_WH:
            found |= scales
            direction = _direction(pairs.by_power[both], pairs.by_counters[both] / ratio)
            if abs(direction) >= SURE:
                found["power_sign"] = told.INTO if direction > 0 else told.OUT_OF
    scaled = {**vars(before), **found}
    moved_wh = np.nansum(counted) * int(scaled["counter_scale"])
    if np.isnan(counted).all():
        moved_wh = np.nansum(power) * int(scaled["power_scale"]) if not np.isnan(power).all() else np.nan
    return found | _charge_scale(pairs.charge, float(moved_wh))


def _scales(ratio: float, highest: float) -> dict[str, int]:
    """Return in which units power and counters are, of how fast counters grow as power says."""
    if 1 / NEAR <= ratio <= NEAR and highest >= LEAST_W:
        return {"power_scale": 1, "counter_scale": 1}
    if KILO / NEAR <= ratio <= KILO * NEAR and highest <= HIGHEST_KW:
        return {"power_scale": 1000, "counter_scale": 1}
    if 1 / KILO / NEAR <= ratio <= NEAR / KILO:
        return {"power_scale": 1, "counter_scale": 1000}
    return {}


def _direction(by_power: Floats, by_counters: Floats) -> float:
    """Return from 1 (power and counters agree in direction) to -1 how far they do, by energy."""
    weights = np.fmin(np.abs(by_power), np.abs(by_counters))
    return float((np.sign(by_power * by_counters) * weights).sum()) / float(weights.sum())


def _charge_scale(charge: Floats, moved_wh: float) -> dict[str, int]:
    """Return whether charge is a fraction or in percent, by what went through the battery meanwhile."""
    highest, moved = max(charge.tolist(), default=0.0), float(np.abs(np.diff(charge)).sum())
    if highest > PERCENT:
        return {"charge_scale": 1}
    if np.isnan(moved_wh):
        return {"charge_scale": 100} if moved >= MOVED_ALONE else {}
    if moved < MOVED or moved_wh < LEAST_WH:
        return {}
    return {"charge_scale": 100 if moved_wh / moved >= BATTERY_WH else 1}


def _near(values: Floats, wanted: float) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = (values >= wanted / NEAR) & (values <= wanted * NEAR)
    return near


def _median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    running = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(running, running[-1] / 2)])


def _column(readings: Sequence[types.Reading], name: str) -> Floats:
    return np.array([getattr(one, name) for one in readings], dtype=np.float64)
