"""Writes the stored days of synthetic homes: a few packed days, copied over all of them.

A day with the same course and the same last quarter hour is packed once. Rows are inserted by SQL: a hundred
thousand homes have hundreds of thousands of rows for every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    "sensor_id", "day", "step_s", "known_count", "ask_again_at", "closed_at",
    "packed", "known", "in_wh", "out_wh", "peak_w",
)  # fmt: skip
Value = str | int | float | bytes | date | datetime | None


def write(
    sensors: Iterable[tuple[sites.Sensor, synthetic_sites.MadeSensor, days_of_energy.Key]],
    *,
    days: int,
    now: datetime,
) -> None:
    """Write `days` days up to today for sensors that have a reading, each up to its newest reading."""
    rows = [row for sensor, made, key in sensors for row in _rows(sensor, made, key, days, now)]
    table, *names = map(connection.ops.quote_name, (Day._meta.db_table, *COLUMNS))
    columns = f"({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} {columns}", rows)


def _rows(
    sensor: sites.Sensor, made: synthetic_sites.MadeSensor, key: days_of_energy.Key, days: int, now: datetime
) -> Iterator[tuple[Value, ...]]:
    if made.reading is None:
        return
    ops, today, reported_until = connection.ops, missing.day_of(now), min(made.reading.at + missing.STEP, now)
    for number in range(days):
        day = today - number * missing.DAY
        known = min(reported_until - missing.midnight(day), missing.DAY) // missing.STEP
        if known <= 0:
            continue
        is_whole = known == missing.BUCKETS
        again_at = missing.ask_again_at(day, complete=is_whole, asked_at=now if is_whole else None)
        yield (
            sensor.pk,
            ops.adapt_datefield_value(day),
            missing.STEP_S,
            known,
            None if again_at is None else ops.adapt_datetimefield_value(again_at),
            None if again_at else ops.adapt_datetimefield_value(now),
            *_packed(key, made.role, made.sharing, day, known),
        )


@lru_cache(maxsize=4096)
def _packed(
    key: days_of_energy.Key, role: str, sharing: int, day: date, known: int
) -> tuple[bytes, bytes, float, float, float]:
    """Return the last five of COLUMNS."""
    course = days_of_energy.day_of(key, role, sharing)
    bits = np.arange(missing.BUCKETS) < known
    cut = {name: np.where(bits, values, np.nan) for name, values in course.columns(day).items()}
    in_w, out_w = course.in_w[:known], course.out_w[:known]
    in_wh, out_wh = (float(power_w.sum() * days_of_energy.STEP_H) for power_w in (in_w, out_w))
    return packing.pack(cut), packing.bits(bits), in_wh, out_wh, float(max(in_w.max(), out_w.max()))
