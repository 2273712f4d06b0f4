"""Write the days of readings of practice homes: a few packed days, copied over all of them.

A day that has the same course, and ends at the same quarter hour, is packed once. Rows go straight to the
database: a hundred thousand homes have hundreds of thousands of them for every single day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import numpy as np
from django.db import connection

from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import days_of_energy
from gridshare_portal.synthetic import sites as synthetic_sites
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.models import Day

COLUMNS = (
    "sensor_id", "day", "step_s", "packed", "known", "known_count", "closed_at", "in_wh", "out_wh", "peak_w",
)  # fmt: skip
Value = str | int | float | bytes | date | datetime | None
SETTLED_AFTER = missing.DAY + missing.SETTLED


@dataclass(frozen=True, kw_only=True)
class _Packed:
    packed: bytes
    known: bytes
    in_wh: float
    out_wh: float
    peak_w: float


def write(
    told: Iterable[tuple[sites.Sensor, synthetic_sites.MadeSensor, days_of_energy.Key]],
    *,
    days: int,
    now: datetime,
) -> None:
    """Write so many days up to today of sensors that told something, each as far as it told."""
    rows = [row for sensor, made, key in told for row in _rows(sensor, made, key, days, now)]
    table, quote = connection.ops.quote_name(Day._meta.db_table), connection.ops.quote_name
    names, places = ", ".join(map(quote, COLUMNS)), ", ".join(["%s"] * len(COLUMNS))
    with connection.cursor() as cursor:
        columns = f"({names}) VALUES ({places})"
        cursor.executemany(f"INSERT INTO {table} {columns}", rows)


def _rows(
    sensor: sites.Sensor, made: synthetic_sites.MadeSensor, key: days_of_energy.Key, days: int, now: datetime
) -> Iterator[tuple[Value, ...]]:
    if made.reading is None:
        return
    ops, today = connection.ops, missing.day_of(now)
    for number in range(days):
        day = today - number * missing.DAY
        known = _known(made.reading.at, day, now)
        if not known:
            continue
        kept = _packed(key, made.role, made.sharing, day, known)
        is_closed = known == missing.BUCKETS and now - missing.midnight(day) > SETTLED_AFTER
        yield (
            sensor.pk,
            ops.adapt_datefield_value(day),
            missing.STEP_S,
            kept.packed,
            kept.known,
            known,
            ops.adapt_datetimefield_value(now) if is_closed else None,
            kept.in_wh,
            kept.out_wh,
            kept.peak_w,
        )


def _known(last_reading_at: datetime, day: date, now: datetime) -> int:
    """Return how many quarter hours of the day were over when the sensor told its last."""
    whole = min(last_reading_at + missing.STEP, now) - missing.midnight(day)
    return max(0, min(whole // missing.STEP, missing.BUCKETS))


@lru_cache(maxsize=4096)
def _packed(key: days_of_energy.Key, role: str, sharing: int, day: date, known: int) -> _Packed:
    course = days_of_energy.day_of(key, role, sharing)
    bits = np.arange(missing.BUCKETS) < known
    columns = {"in_w": course.in_w, "out_w": course.out_w, "charge_pct": course.charge_pct}
    columns |= {f"{way}_wh": course.counted_wh(f"{way}_w", day) for way in ("in", "out")}
    cut = {name: np.where(bits, values, np.nan) for name, values in columns.items() if values is not None}
    return _Packed(
        packed=packing.pack(cut),
        known=packing.bits(bits),
        in_wh=float(course.in_w[:known].sum() * days_of_energy.STEP_H),
        out_wh=float(course.out_w[:known].sum() * days_of_energy.STEP_H),
        peak_w=float(max(course.in_w[:known].max(), course.out_w[:known].max())),
    )
