"""Restate stored days of a sensor whose way to tell its readings turned out to be another.

Signs and scales are exact either way, and so is a shift by whole quarter hours. What finer buckets were once
put together from the wrong stretches is put right by asking again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from gridshare_portal.energy import series
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.meaning import told
from gridshare_portal.telemetry.models import Day, Latest

SWAPPED = {"in_w": "out_w", "out_w": "in_w"}
SCALES = {
    "in_w": "power_scale",
    "out_w": "power_scale",
    "charge_pct": "charge_scale",
    "in_wh": "counter_scale",
    "out_wh": "counter_scale",
}


def days_in(rows: Sequence[Day], before: told.Told, after: told.Told) -> list[Day]:
    """Change a sensor's days, in order, to what they say in the other way; return them, with new ones."""
    if not rows:
        return []
    by_day = {row.day: row for row in rows}
    shift = _shift(before, after)
    first = rows[0].day - (missing.DAY if shift < 0 else timedelta(0))
    last = rows[-1].day + (missing.DAY if shift > 0 else timedelta(0))
    count = (last - first).days + 1
    joined = {name: np.full((count, missing.BUCKETS), np.nan) for name in packing.FIELDS}
    for row in rows:
        for name, column in packing.unpack(row.packed).items():
            joined[name][(row.day - first).days] = column
    moved = {name: np.roll(column.ravel(), shift) for name, column in joined.items()}
    columns = {name: one.reshape(count, -1) for name, one in _scaled(moved, before, after).items()}
    found = []
    for number in range(count):
        own = {name: column[number] for name, column in columns.items()}
        known = ~np.isnan(np.array(list(own.values()))).all(axis=0)
        day = first + number * missing.DAY
        if day in by_day or known.any():
            row = by_day.get(day) or Day(sensor_id=rows[0].sensor_id, day=day, step_s=missing.STEP_S)
            row.packed, row.known, row.known_count = packing.pack(own), packing.bits(known), int(known.sum())
            found.append(row)
    return found


def latest_in(latest: Latest, before: told.Told, after: told.Told) -> None:
    """Change a sensor's newest reading likewise."""
    values = {name: getattr(latest, name) for name in packing.FIELDS}
    columns = {name: np.array([np.nan if one is None else one]) for name, one in values.items()}
    for name, column in _scaled(columns, before, after).items():
        setattr(latest, name, None if np.isnan(column[0]) else float(column[0]))
    latest.at += _shift(before, after) * missing.STEP


def _shift(before: told.Told, after: told.Told) -> int:
    """Return by how many quarter hours readings move."""
    quarters = max(1, after.step_s // missing.STEP_S)
    return ((before.stamps == told.END) - (after.stamps == told.END)) * quarters


def _scaled(
    columns: Mapping[str, series.Column], before: told.Told, after: told.Told
) -> dict[str, series.Column]:
    swaps = before.power_sign != after.power_sign
    found = {}
    for name, column in columns.items():
        taken = columns[SWAPPED.get(name, name)] if swaps else column
        scale = SCALES.get(name)
        factor = getattr(after, scale) / getattr(before, scale) if scale else 1.0
        factor *= -1.0 if swaps and name == "current_a" else 1.0
        found[name] = taken if factor == 1 else np.round(taken * factor, 6) + 0.0
    return found
