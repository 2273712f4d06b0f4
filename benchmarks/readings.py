"""Bytes per sensor-day on disk, and the time to read a year of one series: packed beside a row per reading.

Run as `python -m benchmarks.readings`; SQLite, or PostgreSQL when DATABASE_URL names a server, in
a database of its own. The readings are those of the first demo home, collected over HTTP, once as
the sandbox tells them (to a thousandth) and once in the steps of a real meter (1 W, 0.1 V,
0.01 A, 0.1 %, 1 Wh). Both ways hold the same values in one run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import world

if TYPE_CHECKING:
    from django.db import models

    from gridshare_portal.sites import models as sites

YEAR = 365
DIGITS = {"in_w": 0, "out_w": 0, "voltage_v": 1, "current_a": 2, "charge_pct": 1, "in_wh": 0, "out_wh": 0}


def main() -> None:
    """Load a home, measure both ways, and print them with their ratios."""
    with world.portal() as kind, world.pretended(homes=1) as sandbox:
        site = next(site for site, *_ in world.connected(sandbox, "ada"))
        print(f"{kind}, {site.sensors.count()} sensors, {YEAR} days of 96 buckets, 7 columns; ms of CPU")
        print(f"{'values':14}{'':26}{'packed':>9}{'row each':>10}{'ratio':>7}")
        _trim(site)
        reading = _reading()
        _measure("as told", site, reading)
        _coarsen()
        _measure("meter's steps", site, reading)


def _measure(name: str, site: sites.Site, reading: Any) -> None:
    from gridshare_portal.telemetry.models import Day

    _store(reading)
    sensor_days = Day.objects.count()
    _print(name, "bytes per sensor-day", _size(Day) / sensor_days, _size(reading) / sensor_days)
    sensor = site.sensors.get(role_found="grid")
    packed_ms = _cpu_ms(lambda: _packed_year(sensor))
    _print(name, "year of one series", packed_ms, _cpu_ms(lambda: _row_year(reading, sensor)))
    objects_ms = _cpu_ms(lambda: list(reading.objects.filter(sensor=sensor.pk).order_by("at")), times=3)
    _print(name, "the same, as objects", packed_ms, objects_ms)
    assert np.array_equal(_packed_year(sensor), _row_year(reading, sensor), equal_nan=True)


def _packed_year(sensor: sites.Sensor) -> np.ndarray:
    from gridshare_portal.telemetry import missing, packing

    blobs = list(sensor.days.order_by("day").values_list("packed", flat=True))
    column = packing.unpack_many(blobs, ["in_wh"], missing.BUCKETS)["in_wh"]
    known: np.ndarray = column[~np.isnan(column)]
    return known


def _row_year(reading: Any, sensor: sites.Sensor) -> np.ndarray:
    values = reading.objects.filter(sensor=sensor.pk).order_by("at").values_list("in_wh", flat=True)
    return np.array(list(values), dtype=float)


def _trim(site: sites.Site) -> None:
    """Keep exactly a year of closed days."""
    from gridshare_portal.telemetry.models import Day

    last = max(Day.objects.filter(closed_at__isnull=False).values_list("day", flat=True))
    Day.objects.exclude(day__range=(last - timedelta(days=YEAR - 1), last)).delete()


def _coarsen() -> None:
    """Round every stored value to the steps of a real meter."""
    from gridshare_portal.telemetry import packing
    from gridshare_portal.telemetry.models import Day

    rows = list(Day.objects.all())
    for row in rows:
        columns = packing.unpack(row.packed)
        row.packed = packing.pack({name: np.round(column, DIGITS[name]) for name, column in columns.items()})
    Day.objects.bulk_update(rows, ["packed"], batch_size=200)


def _reading() -> Any:
    """Return a model with a row per reading, with a table made for this."""
    from django.db import connection, models

    from gridshare_portal.telemetry import packing

    columns = {name: models.FloatField(null=True) for name in packing.FIELDS}
    meta = type("Meta", (), {"app_label": "telemetry", "unique_together": [("sensor", "at")]})
    fields = {"sensor": models.BigIntegerField(), "at": models.DateTimeField(), "Meta": meta, **columns}
    reading = type("Reading", (models.Model,), {"__module__": __name__, **fields})
    with connection.schema_editor() as editor:
        editor.create_model(reading)
    return reading


def _store(reading: Any) -> None:
    """Store every known bucket as a row of its own."""
    from gridshare_portal.telemetry import missing, packing
    from gridshare_portal.telemetry.models import Day

    reading.objects.all().delete()
    for row in Day.objects.order_by("day", "sensor"):
        day = packing.unpack(row.packed)
        buckets = np.flatnonzero(packing.flags(row.known, missing.BUCKETS))
        moments = [missing.midnight(row.day) + int(bucket) * missing.STEP for bucket in buckets]
        told = [{name: _value(day.get(name), int(bucket)) for name in packing.FIELDS} for bucket in buckets]
        pairs = zip(moments, told, strict=True)
        reading.objects.bulk_create([reading(sensor=row.sensor_id, at=at, **values) for at, values in pairs])


def _value(column: np.ndarray | None, bucket: int) -> float | None:
    return None if column is None or np.isnan(column[bucket]) else float(column[bucket])


def _size(model: type[models.Model]) -> int:
    """Return the bytes of a table with its indexes, without what was deleted."""
    from django.db import connection

    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f'VACUUM FULL "{table}"')
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        else:
            cursor.execute("VACUUM")
            parts = "SELECT name FROM sqlite_master WHERE tbl_name = %s"  # the table and its indexes
            cursor.execute(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({parts})", [table])
        return int(cursor.fetchone()[0])


def _cpu_ms(read: Callable[[], object], *, times: int = 9) -> float:
    took = []
    for _ in range(times):
        began_s = time.process_time()
        read()
        took.append(time.process_time() - began_s)
    return 1000 * statistics.median(took)


def _print(name: str, what: str, packed: float, rows: float) -> None:
    print(f"{name:14}{what:26}{packed:9.1f}{rows:10.1f}{rows / packed:6.1f}x", flush=True)


if __name__ == "__main__":
    main()
