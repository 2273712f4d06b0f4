"""Split the meter readings of a bucket into seven flows between solar, battery, grid and home.

Nobody meters the home itself: its use follows from the rest. The split is made on the finest buckets, and a
day adds its buckets up, so that a year is the sum of its days.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Flows:
    """Watt-hours per bucket, NaN where unknown; all but the remainder are never negative."""

    solar_to_home_wh: np.ndarray
    solar_to_battery_wh: np.ndarray
    solar_to_grid_wh: np.ndarray
    battery_to_home_wh: np.ndarray
    battery_to_grid_wh: np.ndarray
    grid_to_home_wh: np.ndarray
    grid_to_battery_wh: np.ndarray
    home_wh: np.ndarray
    remainder_wh: np.ndarray


NAMES = tuple(field.name for field in fields(Flows))


def split(
    *,
    solar_wh: np.ndarray,
    from_grid_wh: np.ndarray,
    to_grid_wh: np.ndarray,
    charged_wh: np.ndarray,
    discharged_wh: np.ndarray,
) -> Flows:
    """Match sources with uses, bucket by bucket: Wh in, Wh out, NaN where any input is.

    The home used what is left: solar + from grid + discharged − to grid − charged. Where that is below zero
    the home is 0 and the rest is the remainder, so that the balance always closes: sources = uses + home +
    remainder. The order is that of Home Assistant's energy page (frontend, src/data/energy.ts): grid beyond
    what the home used fills the battery; then solar fills the battery, then the grid; then the battery feeds
    the grid; then the grid fills what is left of the battery; the home takes what then remains of solar,
    battery and grid. Energy that crossed one meter in both directions within a bucket, and that nothing else
    explains, is no flow.
    """
    balance = solar_wh + from_grid_wh + discharged_wh - to_grid_wh - charged_wh
    home = np.maximum(balance, 0.0)
    through_grid = np.maximum(0.0, np.minimum(from_grid_wh, to_grid_wh - solar_wh - discharged_wh))
    through_battery = np.maximum(0.0, np.minimum(discharged_wh, charged_wh - solar_wh - from_grid_wh))
    grid, export = from_grid_wh - through_grid, to_grid_wh - through_grid
    battery, charge = discharged_wh - through_battery, charged_wh - through_battery
    excess = np.clip(grid - home, 0.0, charge)
    grid, charge = grid - excess, charge - excess
    solar, charge, solar_to_battery = _move(solar_wh, charge)
    solar, export, solar_to_grid = _move(solar, export)
    battery, export, battery_to_grid = _move(battery, export)
    grid, charge, late_grid_to_battery = _move(grid, charge)
    solar, left, solar_to_home = _move(solar, home)
    battery, left, battery_to_home = _move(battery, left)
    grid, left, grid_to_home = _move(grid, left)
    unknown = np.isnan(balance)
    parts = {
        "solar_to_home_wh": solar_to_home,
        "solar_to_battery_wh": solar_to_battery,
        "solar_to_grid_wh": solar_to_grid,
        "battery_to_home_wh": battery_to_home,
        "battery_to_grid_wh": battery_to_grid,
        "grid_to_home_wh": grid_to_home,
        "grid_to_battery_wh": excess + late_grid_to_battery,
        "home_wh": home,
        "remainder_wh": balance - home,
    }
    return Flows(**{name: np.where(unknown, np.nan, part) for name, part in parts.items()})


def self_sufficiency_pct(home_wh: float | None, from_grid_wh: float | None) -> float | None:
    """Return 100 × (1 − from grid ÷ used by the home), from 0 to 100 %.

    Home Assistant (src/data/energy.ts) and OpenEMS (utils.ts) compare the same two totals, both in Wh. None
    where either is unknown, and for a home that used nothing.
    """
    if home_wh is None or from_grid_wh is None or np.isnan(home_wh) or np.isnan(from_grid_wh) or home_wh <= 0:
        return None
    return 100.0 * (1.0 - min(1.0, from_grid_wh / home_wh))


def _move(source: np.ndarray, use: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    moved = np.minimum(source, use)
    return source - moved, use - moved, moved
