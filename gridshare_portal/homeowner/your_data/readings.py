"""Write a sensor's readings as CSV: moments in UTC and by the home's clock, units in the heads.

Days are read a month at a time. What is not known is an empty cell and never 0. What Lunar changed of them
later is a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from gridshare_portal.files import cells
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry import models as telemetry

DAYS_TOGETHER = 31
DAY_S = 86_400
SECONDS = len("2026-11-01T12:15:00")
HEADS = ("start_utc", "start_local", *packing.FIELDS)

CHANGED = ("in_before_wh", "in_after_wh", "out_before_wh", "out_after_wh")

Row = list[str]


def of_sensor(sensor_pk: int, zone: ZoneInfo) -> Iterator[str]:
    """Yield the lines of a sensor's file, the oldest reading first."""
    yield from cells.lines([HEADS])
    last = date.min
    kept = telemetry.Day.objects.filter(sensor=sensor_pk).order_by("day")
    columns = ("day", "step_s", "packed", "known", "closed_at")
    while some := list(kept.filter(day__gt=last).values_list(*columns)[:DAYS_TOGETHER]):
        for day, step_s, packed, known, closed_at in some:
            last = day
            flags = packing.flags(known, DAY_S // step_s)
            begun = len(flags) if closed_at else int(np.append(np.flatnonzero(flags), -1).max()) + 1
            yield "".join(cells.lines(_rows(day, step_s, packing.unpack(packed), begun, zone)))


def changed_later(home: sites.Site) -> Iterator[str]:
    """Yield the lines of the days that Lunar changed after they had been read."""
    yield from cells.lines([("sensor_id", "day", "noticed_utc", "corrected", "handed_in_later", *CHANGED)])
    rows = telemetry.Revision.objects.filter(sensor__site=home).order_by("day", "sensor__position", "pk")
    names = ("sensor__synth_id", "day", "noticed_at", "revised", "filled", *CHANGED)
    for sensor, day, noticed_at, *values in rows.values_list(*names).iterator():
        figures = ["" if value is None else format(value, ".15g") for value in values]
        yield from cells.lines([[cells.text(sensor), day.isoformat(), _utc(noticed_at), *figures]])


def _rows(
    day: date, step_s: int, columns: dict[str, np.ndarray], count: int, zone: ZoneInfo
) -> Iterator[Row]:
    """Yield a row for each of the first `count` buckets of a UTC day."""
    texts = [_texts(columns.get(name), count) for name in packing.FIELDS]
    midnight, step = missing.midnight(day), timedelta(seconds=step_s)
    for number, values in enumerate(zip(*texts, strict=True)):
        start = midnight + number * step
        yield [_utc(start), start.astimezone(zone).isoformat(), *values]


def _texts(column: np.ndarray | None, count: int) -> list[str]:
    if column is None:
        return [""] * count
    return ["" if value != value else format(value, ".15g") for value in column[:count].tolist()]


def _utc(moment: datetime) -> str:
    """Return a moment in UTC to the second; quicker than by a format, as an archive has a million."""
    return moment.isoformat()[:SECONDS] + "Z"
