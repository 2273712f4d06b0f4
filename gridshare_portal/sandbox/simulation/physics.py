"""What sun, household and battery do, in W and Wh, for consecutive UTC days.

Everything here is a pure function of place, day and key. The battery is the only thing with a memory; it can
never hold more than its capacity nor give what it does not have.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridshare_portal.sandbox.simulation import dice
from gridshare_portal.sandbox.simulation.dice import Floats, Numbers

STEP_S = 300
STEPS = 288
DAY_S = STEP_S * STEPS


@dataclass(frozen=True, kw_only=True)
class Place:
    zone: ZoneInfo
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Battery:
    """Capacity, power limit and reserve of a battery; the efficiency is of a whole round trip."""

    capacity_wh: float
    power_limit_w: float
    efficiency: float
    reserve: float

    @property
    def one_way(self) -> float:
        """The efficiency of charging alone, which is also that of discharging."""
        return math.sqrt(self.efficiency)


Span = tuple[float, float]  # start (included) and end (excluded) of a period, in seconds since 1970


def midnight(day: date) -> float:
    """Return the first second of a UTC day, since 1970."""
    return datetime.combine(day, time(0), UTC).timestamp()


@lru_cache(maxsize=1024)
def local_clock(zone: ZoneInfo, day: date, days: int = 1) -> tuple[Floats, Numbers]:
    """Return the local hour (with its fraction) and the weekday of every step of UTC days."""
    starts = midnight(day) + 3600.0 * np.arange(24 * days)
    shown = [datetime.fromtimestamp(start, zone).replace(tzinfo=UTC).timestamp() for start in starts]
    offsets = np.array(shown) - starts
    local = midnight(day) + STEP_S * np.arange(STEPS * days) + np.repeat(offsets, STEPS // 24)
    weekday = (local // 86400 + 3).astype(int) % 7
    return (local % 86400) / 3600.0, weekday


def sun_height(place: Place, day: date) -> Floats:
    """Return the sine of the sun's elevation at the middle of every step, 0 at night."""
    number = day.timetuple().tm_yday
    tilt = math.radians(-23.44) * math.cos(2 * math.pi * (number + 10) / 365.24)
    angle = 2 * math.pi * (number - 81) / 364
    equation_h = (9.87 * math.sin(2 * angle) - 7.53 * math.cos(angle) - 1.5 * math.sin(angle)) / 60
    hour = (np.arange(STEPS) + 0.5) * STEP_S / 3600 + place.longitude / 15 + equation_h
    latitude = math.radians(place.latitude)
    height = math.sin(latitude) * math.sin(tilt) + math.cos(latitude) * math.cos(tilt) * np.cos(
        (hour - 12) * math.pi / 12
    )
    return np.maximum(height, 0.0)


@lru_cache(maxsize=1024)
def _clear_sky(place: Place, day: date, days: int) -> Floats:
    return np.concatenate([sun_height(place, day + timedelta(days=n)) for n in range(days)]) ** 1.15


def solar_w(place: Place, day: date, *, peak_w: float, key: int, days: int = 1) -> Floats:
    """Return the panels' power (W) in every step, under those days' clouds."""
    first, count = _first_step(day), days * STEPS
    if not peak_w:
        return np.zeros(count)
    weather = dice.wave(key, first, count, every=STEPS // 4) ** 2
    passing = dice.wave(key + 1, first, count, every=4)
    clear = 1.0 - weather * (0.35 + 0.6 * passing)
    return np.minimum(peak_w * 1.05 * _clear_sky(place, day, days) * clear, peak_w * 0.92)


def expected_sun_wh(place: Place, day: date, *, peak_w: float, key: int, days: int = 1) -> Floats:
    """Return the energy (Wh) that a forecast of the night before expects from the panels on each day."""
    noon = round(((12 - place.longitude / 15) % 24) * 3600 / STEP_S)
    cloud = dice.wave(key, _first_step(day), days * STEPS, every=STEPS // 4)[noon::STEPS] ** 2
    sky: Floats = _clear_sky(place, day, days).reshape(days, STEPS).sum(axis=1) * STEP_S / 3600
    return peak_w * sky * (1.0 - 0.65 * cloud)


def household_w(place: Place, day: date, *, size: float, key: int, days: int = 1) -> Floats:
    """Return the household's use (W) without vehicle and relays: mornings, evenings, weekends."""
    first, count, (awake, up, season) = _first_step(day), days * STEPS, _rhythm(place.zone, day, days)
    mood = 0.55 + 0.9 * dice.wave(key, first, count, every=18)
    kettle = 1700.0 * ((dice.rolls(key + 1, np.arange(first, first + count)) < 0.02) & up)
    fridge = 60 + 90 * (dice.wave(key + 2, first, count, every=5) > 0.5)
    return size * (awake * mood + kettle + season) + fridge + 140


@lru_cache(maxsize=1024)
def _rhythm(zone: ZoneInfo, day: date, days: int) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    """Return what households of a zone share: habits, when a kettle may boil, heating and cooling."""
    hour, weekday = local_clock(zone, day, days)
    weekend = weekday >= 5
    morning = np.exp(-(((hour - np.where(weekend, 9.2, 7.2)) / 1.2) ** 2)) * 900
    evening = np.exp(-(((hour - 19.3) / 2.1) ** 2)) * 1500
    midday = np.where(weekend, 800, 150) * np.exp(-(((hour - 13) / 2.4) ** 2))
    numbers = [(day + timedelta(days=n)).timetuple().tm_yday for n in range(days)]
    swing = np.abs(np.cos(2 * math.pi * (np.repeat(numbers, STEPS) - 15) / 365.24))
    return morning + evening + midday, hour > 6, 350 * swing * (0.4 + 0.6 * (hour > 8))


def vehicle_spans(place: Place, day: date, *, key: int, power_w: float, days: int = 1) -> list[Span]:
    """Return when the vehicle charges around UTC days: from coming home until full or leaving."""
    spans = []
    for local in _days_around(day, days):
        chance, come, need, leave = dice.rolls(key, 4 * local.toordinal() + np.arange(4))
        if chance > (0.45 if local.weekday() >= 5 else 0.72):
            continue
        plugged = _local_midnight(place.zone, local) + (16.75 + 4 * come) * 3600
        gone = _local_midnight(place.zone, local + timedelta(days=1)) + (6.5 + 2 * leave) * 3600
        full = plugged + (5000 + 22000 * need) / power_w * 3600
        spans.append((plugged, min(full, gone)))
    return spans


def hot_water_spans(place: Place, day: date, *, key: int, days: int = 1) -> list[Span]:
    """Return when the water heater's own timetable closes its relay around UTC days."""
    spans = []
    for local in _days_around(day, days):
        night, afternoon = dice.rolls(key, 2 * local.toordinal() + np.arange(2))
        for hour, hours in ((3.0, 0.6 + night), (16.0, 0.3 + 0.6 * afternoon)):
            start = _local_midnight(place.zone, local) + hour * 3600
            spans.append((start, start + hours * 3600))
    return spans


def duty(spans: Iterable[Span], starts: Floats) -> Floats:
    """Return which share of every step the spans cover."""
    share = np.zeros(len(starts))
    for start, end in spans:
        covered = np.minimum(end, starts + STEP_S) - np.maximum(start, starts)
        share += np.clip(covered / STEP_S, 0.0, 1.0)
    return np.minimum(share, 1.0)


def circuits_w(total_w: Floats, day: date, *, count: int, key: int) -> Floats:
    """Return the power (W) of each of a home's circuits; together they are nine tenths of its use."""
    size = 0.2 + dice.rolls(key, np.arange(count))
    hours = 24 * day.toordinal() + np.arange(len(total_w) // 12)
    habit = dice.rolls(key + 1, (hours[:, None] * count + np.arange(count)[None, :]).ravel())
    weight = size * (0.15 + habit.reshape(len(hours), count))
    share: Floats = 0.9 * weight / weight.sum(axis=1, keepdims=True)
    return total_w[:, None] * share.repeat(12, axis=0)


def run_battery(
    level_wh: float, want_w: Floats, hours: Floats, low_wh: Floats, high_wh: Floats, one_way: float
) -> tuple[Floats, Floats, Floats]:
    """Return what went in, what came out (Wh at the terminals) and the level after every piece of time.

    A charge (`want_w` above 0) ends at `high_wh`, a discharge at `low_wh`; neither moves the level by itself.
    """
    up = want_w > 0
    steps = want_w * hours * np.where(up, one_way, 1 / one_way)
    bounds = np.where(up, high_wh, low_wh)
    level = float(level_wh)
    levels: list[float] = []
    keep = levels.append
    for step, bound in zip(steps.tolist(), bounds.tolist(), strict=True):
        if step > 0:
            if level < bound:
                level += step
                if level > bound:  # not min(): this loop is most of a home's life
                    level = bound
        elif level > bound:
            level += step
            if level < bound:
                level = bound
        keep(level)
    moved = np.diff(levels, prepend=level_wh)
    return np.maximum(moved, 0.0) / one_way, np.maximum(-moved, 0.0) * one_way, np.array(levels)


def _first_step(day: date) -> int:
    return day.toordinal() * STEPS


def _days_around(day: date, days: int) -> list[date]:
    return [day + timedelta(days=shift) for shift in range(-2, days + 1)]


@lru_cache(maxsize=8192)
def _local_midnight(zone: ZoneInfo, day: date) -> float:
    return datetime.combine(day, time(0), zone).timestamp()
