"""How sensors tell their readings, in sentences for pages: what is unusual, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry.meaning import records, told
from gridshare_portal.telemetry.models import Meaning

SENTENCES: Mapping[tuple[str, int | str], str] = {
    (
        "stamps",
        told.END,
    ): "Lunar marks a reading with the time it ends; the portal shows when it begins.",
    ("power_sign", told.OUT_OF): (
        "Lunar tells the direction of power the other way round than its counters do; the counters decide."
    ),
    ("power_scale", 1000): "Lunar tells power in kW; the portal makes W of it.",
    ("counter_scale", 1000): "Lunar tells counters in kWh; the portal makes Wh of them.",
    ("charge_scale", 100): "Lunar tells charge as a part of 1; the portal makes percent of it.",
}


def of_sensors(sensors: Iterable[int]) -> dict[int, list[str]]:
    """Return what is unusual about each of these sensors, by key; those that are as usual are left out."""
    said = {sensor: sentences(row) for sensor, row in records.of_sensors(sensors).items()}
    return {sensor: some for sensor, some in said.items() if some}


def sentences(row: Meaning | None) -> list[str]:
    """Return what is unusual about how a sensor tells its readings, and whether an operator said so."""
    unusual = records.told_by(row).unusual
    chosen = row.chosen if row else {}
    found = [_step(value) if name == "step_s" else SENTENCES[name, value] for name, value in unusual.items()]
    return found + (["Some of that was set by those who run the portal."] if chosen else [])


def _step(step_s: int | str) -> str:
    length = _length(int(step_s))
    if int(step_s) < missing.STEP_S:
        return f"Lunar tells a reading every {length}; the portal keeps those of each quarter hour together."
    return f"Lunar tells a reading every {length}; charts show it in steps of that length."


def _length(step_s: int) -> str:
    if step_s % 3600:
        return f"{step_s // 60} minutes"
    return "hour" if step_s == 3600 else "day" if step_s == 86_400 else f"{step_s // 3600} hours"
