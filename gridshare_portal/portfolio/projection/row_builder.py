"""Turn what is kept of one home into the columns of its line in a portfolio. Pure.

A power or a charge is of this moment or it is not known: one sensor of a role that is silent makes the whole
role unknown, so that no sum is quietly short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gridshare_portal.telemetry import latest, missing

UNKNOWN_KEY = -1  # sorts before everything that is known


@dataclass(frozen=True, kw_only=True, slots=True)
class SensorNow:
    """A sensor with its newest reading, and its energy of the day; None is not known."""

    role: str
    device: int | None = None
    capacity_wh: float | None = None
    at: datetime | None = None
    read_at: datetime | None = None
    in_w: float | None = None
    out_w: float | None = None
    charge_pct: float | None = None
    in_wh: float | None = None
    out_wh: float | None = None


def columns(sensors: Sequence[SensorNow], *, now: datetime) -> dict[str, object]:
    """Return the columns of one home that come from its sensors."""
    moments = [(one.at, one.read_at) for one in sensors if one.at and one.read_at]
    last_reading_at = max((min(at + missing.STEP, read_at) for at, read_at in moments), default=None)
    roles = {role: [one for one in sensors if one.role == role] for role in ("solar", "battery", "grid")}
    speaking: dict[str, list[SensorNow]] = dict.fromkeys(roles, [])
    if last_reading_at is not None and now - last_reading_at <= latest.LATE:
        since = max(at for at, _read_at in moments) - missing.STEP
        speaking |= {role: some for role, some in roles.items() if _all_since(some, since)}
    found = {**_powers(speaking), **_charge(roles["battery"], speaking["battery"]), **_energies(roles)}
    return {
        **found,
        "last_reading_at": last_reading_at,
        "last_reading_key": int(last_reading_at.timestamp()) if last_reading_at else UNKNOWN_KEY,
        "charge_key": _key(found["charge_pct"]),
        "stored_key": _key(found["stored_wh"]),
        "has_solar": bool(roles["solar"]),
        "has_battery": bool(roles["battery"]),
        "has_ev": any(one.role == "ev" for one in sensors),
    }


def _all_since(sensors: list[SensorNow], since: datetime) -> bool:
    return all(one.at is not None and one.at >= since for one in sensors)


def _powers(speaking: dict[str, list[SensorNow]]) -> dict[str, float | None]:
    return {
        "solar_w": _sum(one.out_w for one in speaking["solar"]),
        "charging_w": _sum(one.in_w for one in speaking["battery"]),
        "discharging_w": _sum(one.out_w for one in speaking["battery"]),
        "from_grid_w": _sum(one.in_w for one in speaking["grid"]),
        "to_grid_w": _sum(one.out_w for one in speaking["grid"]),
    }


def _energies(roles: dict[str, list[SensorNow]]) -> dict[str, float | None]:
    return {
        "solar_wh": _sum(one.out_wh for one in roles["solar"]),
        "charged_wh": _sum(one.in_wh for one in roles["battery"]),
        "discharged_wh": _sum(one.out_wh for one in roles["battery"]),
        "from_grid_wh": _sum(one.in_wh for one in roles["grid"]),
        "to_grid_wh": _sum(one.out_wh for one in roles["grid"]),
    }


def _charge(batteries: list[SensorNow], speaking: list[SensorNow]) -> dict[str, float | None]:
    """Return charge, capacity and what is stored; several batteries by capacity, else by plain mean."""
    capacity_wh = _sum({one.device: one.capacity_wh for one in batteries}.values())
    filled = [one.charge_pct for one in speaking if one.charge_pct is not None]
    if not filled or len(filled) < len(speaking):
        return {"charge_pct": None, "capacity_wh": capacity_wh, "stored_wh": None}
    sizes = [one.capacity_wh for one in speaking if one.capacity_wh]
    weights = sizes if len(sizes) == len(filled) else [1.0] * len(filled)
    charge_pct = sum(pct * weight for pct, weight in zip(filled, weights, strict=True)) / sum(weights)
    stored_wh = None if capacity_wh is None else capacity_wh * charge_pct / 100
    return {"charge_pct": charge_pct, "capacity_wh": capacity_wh, "stored_wh": stored_wh}


def _sum(values: Iterable[float | None]) -> float | None:
    """Add up; nothing to add is not known, and one that is not known makes the sum unknown."""
    found = list(values)
    known = [value for value in found if value is not None]
    return float(sum(known)) if known and len(known) == len(found) else None


def _key(value: float | None) -> float:
    return UNKNOWN_KEY if value is None else value
