"""What a sensor reports of the simulated flows: buckets, with outages, a reset counter, a dip and late data.

The flows themselves are never changed: an outage hides buckets while the counters go on growing, a reset
takes away what was counted before it, a dip lowers the counters for a quarter of an hour.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridshare_portal.sandbox.simulation import dice, physics
from gridshare_portal.sandbox.simulation.dice import Floats
from gridshare_portal.sandbox.simulation.homes import SimulatedHome, SimulatedSensor
from gridshare_portal.sandbox.simulation.lifetime import History

HOUR_S = 3600
QUARTER_S = 900
QUIET_S = 3 * physics.DAY_S  # no outage in the last days before the clock's start
LATE_SHARE = 0.06
DIP_WH = 80_000.0  # more than any day brings, so that it is a fall at every size of bucket


@dataclass(frozen=True, kw_only=True)
class Blemishes:
    """The faults of one sensor's data, in seconds since 1970; `seed` decides which buckets are late."""

    seed: int
    outages: tuple[tuple[float, float], ...] = ()
    reset_s: float | None = None
    dip: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """What a sensor reported, one row per bucket; the counters are as at its end."""

    start_s: Floats
    end_s: Floats  # of the newest one it is the moment of asking
    in_wh: Floats
    out_wh: Floats
    counted_in_wh: Floats
    counted_out_wh: Floats
    average_level_wh: Floats
    level_wh: Floats

    @property
    def length_h(self) -> Floats:
        return (self.end_s - self.start_s) / HOUR_S

    def where(self, mask: npt.NDArray[np.bool_]) -> Buckets:
        """Return some of the buckets."""
        return Buckets(**{field.name: getattr(self, field.name)[mask] for field in dataclasses.fields(self)})

    def with_power(self, power_w: float, mask: npt.NDArray[np.bool_]) -> Buckets:
        """Return the buckets with another mean power in some; what is counted stays."""
        energy_wh = power_w * self.length_h
        return dataclasses.replace(
            self,
            in_wh=np.where(mask, np.maximum(energy_wh, 0.0), self.in_wh),
            out_wh=np.where(mask, np.maximum(-energy_wh, 0.0), self.out_wh),
        )


def blemishes(
    home: SimulatedHome, sensor: SimulatedSensor, *, seed: int, begin_s: float, start_s: float
) -> Blemishes:
    """Return the faults of a sensor's data between the begin of history and the clock's start."""
    days = int((start_s - QUIET_S - begin_s) // physics.DAY_S)
    own, shared = dice.key(seed, sensor.synth_id), dice.key(seed, sensor.device_id, "outages")
    if days < 60:
        return Blemishes(seed=own)
    chosen = home.sensors[dice.key(seed, home.site_id, "blemish") % len(home.sensors)]
    reset, dip = None, None
    if sensor == chosen:
        where, hour = dice.rolls(dice.key(seed, home.site_id, "when"), np.arange(2))
        reset = begin_s + int(days * (0.3 + 0.2 * where)) * physics.DAY_S + int(6 + hour * 12) * HOUR_S
        end = begin_s + int(days * (0.7 + 0.2 * where)) * physics.DAY_S + int(18 + hour * 5) * HOUR_S
        dip = (end - QUARTER_S, end)
    return Blemishes(seed=own, outages=_outages(shared, begin_s, days), reset_s=reset, dip=dip)


def buckets(
    history: History,
    sensor: SimulatedSensor,
    flaws: Blemishes,
    *,
    start_s: float,
    end_s: float,
    step_s: int,
    now_s: float,
) -> Buckets:
    """Return the buckets that begin in [start, end), have begun by now, and have arrived."""
    first = max(-(-start_s // step_s), -(-history.start_s // step_s))
    last = -(-min(end_s, now_s) // step_s)
    starts = step_s * np.arange(first, max(first, last), dtype=float)
    moments = np.minimum(np.append(starts, starts[-1:] + step_s), now_s)
    values = history.at(moments, [sensor.into, sensor.out_of, "stored", "level"])
    hours = np.diff(moments) / HOUR_S
    reported = _reported(flaws, starts, step_s, now_s) & (hours > 0)
    before, after, hours = values[:-1][reported], values[1:][reported], hours[reported]
    grown = after - before
    ends = moments[1:][reported]
    counted = after[:, :2] - _missing(history, sensor, flaws, ends, after[:, :2])
    return Buckets(
        start_s=starts[reported],
        end_s=ends,
        in_wh=grown[:, 0],
        out_wh=grown[:, 1],
        counted_in_wh=counted[:, 0],
        counted_out_wh=counted[:, 1],
        average_level_wh=grown[:, 2] / hours,
        level_wh=after[:, 3],
    )


def counters(history: History, sensor: SimulatedSensor, flaws: Blemishes, moments: Floats) -> Floats:
    """Return what the sensor counted in and out (Wh) by each of some moments, rising seconds since 1970."""
    counted = history.at(moments, [sensor.into, sensor.out_of])
    return counted - _missing(history, sensor, flaws, moments, counted)


def _outages(seed: int, begin_s: float, days: int) -> tuple[tuple[float, float], ...]:
    """About one day in forty a device is silent for one to nine whole hours."""
    chance, hour, length = (dice.rolls(seed + number, np.arange(days)) for number in range(3))
    starts = begin_s + np.arange(days) * physics.DAY_S + (hour * 15).astype(int) * HOUR_S
    ends = starts + (1 + (length * 9).astype(int)) * HOUR_S
    return tuple((float(starts[day]), float(ends[day])) for day in np.flatnonzero(chance < 0.025))


def _reported(flaws: Blemishes, starts: Floats, step_s: int, now_s: float) -> npt.NDArray[np.bool_]:
    reported = np.ones(len(starts), dtype=bool)
    for start, end in flaws.outages:
        reported &= (starts < start) | (starts + step_s > end)
    newest = np.flatnonzero(starts + step_s > now_s - HOUR_S)
    for index in newest:
        reported[index] &= not _late(flaws.seed, min(starts[index] + step_s, now_s), now_s)
    return reported


def _late(seed: int, end_s: float, now_s: float) -> bool:
    """Return whether the quarter of an hour that a bucket ends in has yet to arrive."""
    quarter = int(-(-end_s // QUARTER_S)) - 1
    if dice.roll(seed, quarter) >= LATE_SHARE:
        return False
    arrives = (quarter + 1) * QUARTER_S + 120 + 420 * dice.roll(seed + 1, quarter)
    return now_s < arrives


def _missing(
    history: History, sensor: SimulatedSensor, flaws: Blemishes, moments: Floats, counted: Floats
) -> Floats:
    """Return what the device's counters lack at these moments, after its reset and in its dip."""
    missing = np.zeros_like(counted)
    if flaws.reset_s is not None:
        at_reset = history.at(np.array([flaws.reset_s]), [sensor.into, sensor.out_of])[0]
        missing += np.where(moments >= flaws.reset_s, 1.0, 0.0)[:, None] * at_reset
    if flaws.dip is not None:
        inside = (moments > flaws.dip[0]) & (moments <= flaws.dip[1])
        missing += np.where(inside, 1.0, 0.0)[:, None] * np.minimum(counted - missing, DIP_WH)
    return missing
