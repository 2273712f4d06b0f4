"""Finds roles of sensors that do not fit what they measure.

Pure: a week of sensor data in, sentences out, by the id of the sensor or device they are about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

DEAD_OF_NIGHT = range(0, 4)  # of the local clock: no roof makes power then
SOME_W, NOTHING_W = 50.0, 5.0
DAYS_AGREED = 3
OFF_PCT = 10.0
LEAST_WH = 1000.0
HOME = ""

Hours = Mapping[date, Mapping[int, float]]  # local day: hour of the local clock: mean watts given


@dataclass(frozen=True, kw_only=True)
class SensorWeek:
    """One sensor with its last week; None where unknown.

    `in_wh` and `out_wh` are the energy in and out over the week.
    """

    synth_id: str
    role: str
    device: str = ""
    has_reported: bool = True
    charge_pct: float | None = None
    in_wh: float | None = None
    out_wh: float | None = None
    hours: Hours = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DayBalance:
    """The energy that came into the home in a day, and how much of it is unaccounted for."""

    through_wh: float
    remainder_wh: float


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One thing that cannot be right, as a code and as a sentence."""

    word: str
    sentence: str


def mismatches(
    sensors: Sequence[SensorWeek], devices: Sequence[str], balance: DayBalance | None
) -> dict[str, list[Mismatch]]:
    """Return the mismatches by the id they are about; those of the whole home are under HOME."""
    found: dict[str, list[Mismatch]] = defaultdict(list)
    for sensor in sensors:
        found[sensor.synth_id] += _of_sensor(sensor)
    _grids(found, sensors)
    for device in set(devices) - {sensor.device for sensor in sensors}:
        found[device].append(Mismatch(word="no_sensors", sentence="This device has no sensors."))
    if balance is not None and _is_off(balance):
        pct = 100 * abs(balance.remainder_wh) / balance.through_wh
        found[HOME].append(Mismatch(word="sum", sentence=SUM.format(pct)))
    return {key: some for key, some in found.items() if some}


SUM = (
    "The sum is off: about {:.0f} % of the last whole day’s energy is not accounted for. "
    "A sensor measures something else than it is taken for, or is missing."
)


def _of_sensor(sensor: SensorWeek) -> Iterator[Mismatch]:
    if not sensor.has_reported:
        yield Mismatch(word="never", sentence="It has never told anything.")
    if sensor.role == "unknown":
        yield Mismatch(word="role", sentence="Nobody knows what it measures, so it counts for nothing.")
    if sensor.role == "battery" and sensor.has_reported and sensor.charge_pct is None:
        yield Mismatch(word="charge", sentence="It counts as a battery, but tells no charge.")
    if sensor.role == "solar":
        yield from _of_solar(sensor)


def _of_solar(sensor: SensorWeek) -> Iterator[Mismatch]:
    if (sensor.in_wh or 0) > max(LEAST_WH, sensor.out_wh or 0):
        yield Mismatch(word="turned", sentence="It counts as solar, but takes in more than it gives.")
    hours = at_night(sensor.hours)
    if hours:
        named = ", ".join(f"{hour:02d}:00" for hour in hours)
        sentence = f"It counts as solar, but makes power at night: {named}. Is the home’s time zone right?"
        yield Mismatch(word="night", sentence=sentence)


def at_night(hours: Hours) -> list[int]:
    """Return the hours in which a sensor gave power although it must have been dark.

    Dark is the dead of night, and for the newest day every hour in which the other days had nothing.
    """
    if not hours:
        return []
    newest = max(hours)
    others = [powers for day, powers in hours.items() if day != newest]
    return [hour for hour in range(24) if _is_night(hour, hours[newest], others)]


def _is_night(hour: int, newest: Mapping[int, float], others: Sequence[Mapping[int, float]]) -> bool:
    before = [powers[hour] for powers in others if hour in powers]
    if newest.get(hour, 0.0) <= SOME_W or not before:
        return False
    is_always = hour in DEAD_OF_NIGHT and min(before) > SOME_W
    return is_always or (len(before) >= DAYS_AGREED and max(before) <= NOTHING_W)


def _grids(found: dict[str, list[Mismatch]], sensors: Sequence[SensorWeek]) -> None:
    meters = [sensor for sensor in sensors if sensor.role == "grid"]
    for meter in meters if len(meters) > 1 else ():
        sentence = f"One of {len(meters)} grid meters: their readings are added up. Is one inside the other?"
        found[meter.synth_id].append(Mismatch(word="grids", sentence=sentence))
    if not meters and sensors:
        sentence = "No sensor measures the grid, so what the home uses is unknown."
        found[HOME].append(Mismatch(word="no_grid", sentence=sentence))


def _is_off(balance: DayBalance) -> bool:
    lost = abs(balance.remainder_wh)
    return balance.through_wh > 0 and lost >= LEAST_WH and 100 * lost >= OFF_PCT * balance.through_wh
