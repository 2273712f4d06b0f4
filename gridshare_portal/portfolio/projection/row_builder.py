"""The columns of a home's row in a portfolio, from its sensors. Pure.

A power or a charge is present or not known: one silent sensor makes its whole role unknown, so that no sum is
quietly short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gridshare_portal.telemetry import latest, missing

UNKNOWN_KEY = -1  # sorts before everything that is known
POWERS = {  # column: (role of the sensors, field of SensorNow)
    "solar_w": ("solar", "out_w"),
    "charging_w": ("battery", "in_w"),
    "discharging_w": ("battery", "out_w"),
    "from_grid_w": ("grid", "in_w"),
    "to_grid_w": ("grid", "out_w"),
}
ENERGIES = {
    "solar_wh": ("solar", "out_wh"),
    "charged_wh": ("battery", "in_wh"),
    "discharged_wh": ("battery", "out_wh"),
    "from_grid_wh": ("grid", "in_wh"),
    "to_grid_wh": ("grid", "out_wh"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SensorNow:
    """A sensor's newest reading (W, %) and its energy of the UTC day (Wh); None is not known."""

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
    """Return the columns of SiteRow that come from a home's sensors."""
    moments = [(one.at, one.read_at) for one in sensors if one.at and one.read_at]
    last_reading_at = max((min(at + missing.STEP, read_at) for at, read_at in moments), default=None)
    roles = {role: [one for one in sensors if one.role == role] for role in ("solar", "battery", "grid")}
    fresh: dict[str, list[SensorNow]] = dict.fromkeys(roles, [])
    if last_reading_at is not None and now - last_reading_at <= latest.LATE:
        since = max(at for at, _read_at in moments) - missing.STEP
        fresh |= {
            role: some for role, some in roles.items() if all(one.at and one.at >= since for one in some)
        }
    found = {**_sums(POWERS, fresh), **_charge(roles["battery"], fresh["battery"]), **_sums(ENERGIES, roles)}
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


def _sums(
    columns: dict[str, tuple[str, str]], sensors: dict[str, list[SensorNow]]
) -> dict[str, float | None]:
    return {
        name: _sum(getattr(one, field) for one in sensors[role]) for name, (role, field) in columns.items()
    }


def _charge(batteries: list[SensorNow], fresh: list[SensorNow]) -> dict[str, float | None]:
    """Return charge (%), capacity and stored energy (Wh); several batteries weighted by capacity, or
    equally if any capacity is not known.
    """
    capacity_wh = _sum({one.device: one.capacity_wh for one in batteries}.values())
    filled = [one.charge_pct for one in fresh if one.charge_pct is not None]
    if not filled or len(filled) < len(fresh):
        return {"charge_pct": None, "capacity_wh": capacity_wh, "stored_wh": None}
    sizes = [one.capacity_wh for one in fresh if one.capacity_wh]
    weights = sizes if len(sizes) == len(filled) else [1.0] * len(filled)
    charge_pct = sum(pct * weight for pct, weight in zip(filled, weights, strict=True)) / sum(weights)
    stored_wh = None if capacity_wh is None else capacity_wh * charge_pct / 100
    return {"charge_pct": charge_pct, "capacity_wh": capacity_wh, "stored_wh": stored_wh}


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum; None for no values, or if any is not known."""
    found = list(values)
    known = [value for value in found if value is not None]
    return float(sum(known)) if known and len(known) == len(found) else None


def _key(value: float | None) -> float:
    return UNKNOWN_KEY if value is None else value
