"""The query for a sensor's readings and its answer, in the published and in the live spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np

from gridshare_portal.sandbox.api import parsing
from gridshare_portal.sandbox.simulation import dice
from gridshare_portal.sandbox.simulation.dice import Floats
from gridshare_portal.sandbox.simulation.homes import SimulatedHome, SimulatedSensor
from gridshare_portal.sandbox.simulation.sensors import Buckets

STEPS = {
    "PT5M": timedelta(minutes=5),
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT1H": timedelta(hours=1),
    "P1D": timedelta(days=1),
}
GROUPS = ("default", "energy")
Columns: TypeAlias = dict[str, list[str] | list[float]]


@dataclass(frozen=True, kw_only=True)
class Question:
    start: datetime
    end: datetime
    step: timedelta
    groups: tuple[str, ...]
    latest: bool = False


def question(args: Mapping[str, str], *, dialect: str, now: datetime) -> Question:
    live = dialect == "live"
    name = "resolution" if live else "bucket"
    word = args.get(name, "PT15M")
    if word not in STEPS:
        raise parsing.unprocessable(f"{name} must be one of {', '.join(STEPS)}")
    aggregation = args.get("aggregation", "default") if live else "default"
    if aggregation not in ("default", "latest"):
        raise parsing.unprocessable("aggregation must be default or latest")
    start, end = _interval(args) if live else _start_and_end(args, now)
    _refuse_span(start, end, STEPS[word], word)
    groups = _groups(args.get("include", "default"))
    return Question(start=start, end=end, step=STEPS[word], groups=groups, latest=aggregation == "latest")


def entries(
    wanted: Question, reported: Buckets, home: SimulatedHome, sensor: SimulatedSensor, *, dialect: str
) -> list[dict[str, str | float | None]]:
    stamps = np.datetime_as_string(reported.start_s.astype("int64").astype("datetime64[s]")).tolist()
    columns: Columns = {"timestamp": [f"{stamp}Z" for stamp in stamps]}
    if "default" in wanted.groups:
        columns |= _default(wanted, reported, home, sensor, live=dialect == "live")
    if "energy" in wanted.groups:
        columns["energy_Wh_increment"] = _rounded(reported.counted_in_wh)
        columns["energy_Wh_decrement"] = _rounded(-reported.counted_out_wh)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _default(
    wanted: Question, reported: Buckets, home: SimulatedHome, sensor: SimulatedSensor, *, live: bool
) -> Columns:
    power = (reported.in_wh - reported.out_wh) / reported.length_h
    voltage = 238.0 + 4.0 * dice.rolls(dice.key(sensor.synth_id), reported.start_s // 300)
    columns: Columns = {"power_W": _rounded(power)}
    if not live:
        columns |= {"voltage_V": _rounded(voltage), "current_A": _rounded(power / voltage)}
    if sensor.meaning == "battery":
        level = reported.level_wh if wanted.latest else reported.average_level_wh
        charge = _rounded(100.0 * level / home.own_battery.capacity_wh)
        columns["soc_percent" if live else "stateOfCharge_pct"] = charge
    if live:
        states = np.where(power > 0, "charging", "discharging")
        columns["state"] = np.where(np.abs(power) < 1, "idle", states).tolist()
    return columns


def _rounded(values: Floats) -> list[float]:
    if not np.isfinite(values).all():
        raise ArithmeticError("a reading must be a number")  # it would be written as null, a gap never is
    # Adding 0 turns -0.0 into 0.0.
    rounded: list[float] = (np.round(values, 3) + 0.0).tolist()
    return rounded


def _groups(text: str) -> tuple[str, ...]:
    groups = tuple(word.strip() for word in text.split(","))
    if any(word not in GROUPS for word in groups):
        raise parsing.unprocessable("include must be default, energy or both with a comma between")
    return groups


def _start_and_end(args: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    end = parsing.moment(args["end"], "end") if "end" in args else None
    start = parsing.moment(args["start"], "start") if "start" in args else None
    try:
        end = end or now
        return start or end - timedelta(days=1), end
    except OverflowError as problem:
        raise parsing.unprocessable("end is too early") from problem


def _interval(args: Mapping[str, str]) -> tuple[datetime, datetime]:
    first, slash, second = args.get("interval", "").partition("/")
    if not slash:
        raise parsing.unprocessable("interval is needed: start/end or start/duration")
    start = _utc(first)
    try:
        end = start + parsing.duration(second, "interval") if second.startswith("P") else _utc(second)
    except OverflowError as problem:
        raise parsing.unprocessable("interval is too long") from problem
    return start, end


def _utc(value: str) -> datetime:
    if not value.upper().endswith(("Z", "+00:00")):
        raise parsing.unprocessable("interval must be in UTC")
    return parsing.moment(value, "interval")


def _refuse_span(start: datetime, end: datetime, step: timedelta, word: str) -> None:
    if end <= start:
        raise parsing.unprocessable("end must be after start")
    days = 366 if word == "P1D" else 31 if step >= timedelta(minutes=30) else 7
    if end - start > timedelta(days=days):
        raise parsing.unprocessable(f"at most {days} days can be asked for in buckets of {word}")
    if end.year > 9000 or start < datetime(1971, 1, 1, tzinfo=UTC):
        raise parsing.unprocessable("no such time can be asked for")
