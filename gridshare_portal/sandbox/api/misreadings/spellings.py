"""How entries are spelled otherwise: other stamps, signs and scales, values that were known and are gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np

from gridshare_portal.sandbox.api.faults import Fault
from gridshare_portal.sandbox.api.misreadings import places
from gridshare_portal.sandbox.api.misreadings.places import Mask, Place
from gridshare_portal.sandbox.simulation.sensors import Buckets

Entry: TypeAlias = dict[str, str | float | None]
_POWER = ("power_W", "current_A")
_COUNTERS = ("energy_Wh_increment", "energy_Wh_decrement")
_CHARGE = ("stateOfCharge_pct", "soc_percent")


def withdrawn(
    entries: Sequence[Entry | None],
    told: Buckets,
    fault: Fault,
    synth_id: str,
    *,
    now: datetime,
    step: timedelta,
) -> list[Entry | None]:
    """Return the entries without what the fault takes back; None stands for one that is left out."""
    gone, how = _gone(told, fault, synth_id, now=now, step=step), fault.options.get("how", "null")
    if how == "empty" and gone.any():
        return [None] * len(entries)
    return [
        entry if entry is None or not hit else None if how == "left_out" else _nulled(entry)
        for entry, hit in zip(entries, gone, strict=True)
    ]


def stamped_at_end(entries: Sequence[Entry | None], told: Buckets, *, step: timedelta) -> list[Entry | None]:
    """Return entries stamped when their buckets ended; one that is still open is left out."""
    step_s, whole = step.total_seconds(), _whole(told, step)
    stamps = np.datetime_as_string((told.start_s + step_s).astype("int64").astype("datetime64[s]"))
    return [
        {**entry, "timestamp": f"{stamp}Z"} if entry is not None and over else None
        for entry, stamp, over in zip(entries, stamps.tolist(), whole, strict=True)
    ]


def _gone(told: Buckets, fault: Fault, synth_id: str, *, now: datetime, step: timedelta) -> Mask:
    place = Place.of(fault.options).touched(told.start_s, told.end_s)
    if {"asked_from", "asked_until"} & set(fault.options):
        return place & places.asked_within(fault.options, now)
    names = [(synth_id, step.total_seconds(), start) for start in told.start_s.tolist()]
    served: Mask = place & np.array([name in fault.served for name in names], dtype=bool)
    fault.served.update(name for name, whole in zip(names, _whole(told, step), strict=True) if whole)
    return served


def _whole(told: Buckets, step: timedelta) -> Mask:
    return told.end_s >= told.start_s + step.total_seconds()


def _nulled(entry: Entry) -> Entry:
    return {name: value if name == "timestamp" else None for name, value in entry.items()}


def _times(names: Sequence[str], factor: float, entry: Entry) -> Entry:
    """Return an entry with some numbers multiplied; rounded to what the API tells anyway, and never -0."""
    return {
        name: round(value * factor, 6) + 0.0 if name in names and isinstance(value, int | float) else value
        for name, value in entry.items()
    }


SPELLINGS: dict[str, Callable[[Entry], Entry]] = {
    "fraction": lambda entry: _times(_CHARGE, 0.01, entry),
    "flipped": lambda entry: _times(_POWER, -1.0, entry),
    "kilowatts": lambda entry: _times(_POWER, 0.001, entry),
    "kilowatt_hours": lambda entry: _times(_COUNTERS, 0.001, entry),
}
