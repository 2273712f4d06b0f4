"""Turn readings into rows: merge them into a sensor's days, close the days, and roll them up.

Only `collect` calls this, and holds the home's lease from merging to storing. Merging takes its time, so it
is done before the transaction: where a database has one writer at a time, everybody else would wait for it.
A bucket that still runs is kept as the latest reading but not in a day, so that what a day holds was complete
when it was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from gridshare_portal.energy import counters
from gridshare_portal.gridshare import types
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.models import Day, Latest

LIMIT_W = 100_000.0  # more than any home's connection carries: a counter that runs faster is wrong
WRITTEN = ("step_s", "packed", "known", "known_count", "closed_at", "in_wh", "out_wh", "peak_w")

Key = tuple[int, date]


@dataclass(frozen=True, kw_only=True)
class FetchedReadings:
    window: missing.Window
    readings: Sequence[types.Reading]


def merge(answers: Sequence[FetchedReadings], *, now: datetime) -> list[Day]:
    """Return the days that answers change, merged into what is stored; a closed day stays as it is."""
    if not answers:
        return []
    rows = _rows_around(answers)
    changed = {}
    for answer in answers:
        for day, readings in _by_day(answer, now).items():
            row = rows.get((answer.window.sensor, day))
            merged = _merged(row, day, readings, answer.window, now)
            if merged is not None:
                rows[answer.window.sensor, day] = changed[answer.window.sensor, day] = merged
    return _rolled_up(rows, changed)


def store(merged: Sequence[Day]) -> None:
    """Write days, new or not."""
    Day.objects.bulk_create(
        merged, update_conflicts=True, unique_fields=["sensor", "day"], update_fields=WRITTEN, batch_size=50
    )


def write_latest(answers: Sequence[FetchedReadings], *, now: datetime) -> None:
    """Keep each sensor's newest reading, unless a newer one is stored."""
    newest = {answer.window.sensor: answer.readings[-1] for answer in answers if answer.readings}
    known = dict(Latest.objects.filter(sensor__in=newest).values_list("sensor_id", "at"))
    rows = [
        Latest(
            sensor_id=sensor,
            at=reading.at,
            state=(reading.state or "")[:40],
            read_at=now,
            **{name: getattr(reading, name) for name in packing.FIELDS},
        )
        for sensor, reading in newest.items()
        if sensor not in known or known[sensor] <= reading.at
    ]
    fields = ("at", "state", "read_at", *packing.FIELDS)
    Latest.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["sensor"], update_fields=fields, batch_size=50
    )


def _rows_around(answers: Sequence[FetchedReadings]) -> dict[Key, Day]:
    first = missing.day_of(min(answer.window.start for answer in answers)) - missing.DAY
    last = missing.day_of(max(answer.window.end for answer in answers)) + missing.DAY
    sensors = {answer.window.sensor for answer in answers}
    found = Day.objects.filter(sensor__in=sensors, day__range=(first, last), step_s=missing.STEP_S)
    return {(row.sensor_id, row.day): row for row in found}


def _by_day(answer: FetchedReadings, now: datetime) -> Mapping[date, list[types.Reading]]:
    """Return the finished buckets of an answer by UTC day, with an empty list for a day without any."""
    days: dict[date, list[types.Reading]] = defaultdict(list, {day: [] for day in answer.window.days})
    for reading in answer.readings:
        if reading.at + missing.STEP <= now:
            days[missing.day_of(reading.at)].append(reading)
    return days


def _merged(
    row: Day | None, day: date, readings: list[types.Reading], window: missing.Window, now: datetime
) -> Day | None:
    if row is not None and row.closed_at is not None:
        return None
    columns = {name: np.full(missing.BUCKETS, np.nan) for name in packing.FIELDS}
    known = np.zeros(missing.BUCKETS, dtype=bool)
    if row is not None:
        columns.update(packing.unpack(row.packed))
        known = packing.flags(row.known, missing.BUCKETS)
    _put(readings, day, columns, known)
    closed = missing.closes(day, known, window=window, now=now)
    if not closed and not known.any():
        return None
    powers = np.concatenate((columns["in_w"], columns["out_w"]))
    return Day(
        sensor_id=window.sensor,
        day=day,
        step_s=missing.STEP_S,
        packed=packing.pack(columns),
        known=packing.bits(known),
        known_count=int(known.sum()),
        closed_at=now if closed else None,
        peak_w=None if np.isnan(powers).all() else float(np.nanmax(powers)),
    )


def _put(
    readings: Iterable[types.Reading], day: date, columns: dict[str, np.ndarray], known: np.ndarray
) -> None:
    for reading in readings:
        values = {name: getattr(reading, name) for name in packing.FIELDS}
        if any(value is not None for value in values.values()):
            bucket = (reading.at - missing.midnight(day)) // missing.STEP
            known[bucket] = True
            for name, value in values.items():
                columns[name][bucket] = np.nan if value is None else value


def _rolled_up(rows: Mapping[Key, Day], changed: Mapping[Key, Day]) -> list[Day]:
    """Return every row to be written, with its energy: the changed ones, and the day after each.

    The first bucket of a day starts from the last counter of the day before, so a day's roll-up is right only
    once that day is stored.
    """
    keys = set(changed) | {(sensor, day + missing.DAY) for sensor, day in changed}
    touched = [rows[key] for key in sorted(keys) if key in rows]
    counted: dict[Key, dict[str, np.ndarray]] = {}
    for row in touched:
        row.pk = None  # written by sensor and day, whether it is new or not
        for name in ("in_wh", "out_wh"):
            before = _counter(rows, counted, (row.sensor_id, row.day - missing.DAY), name)[-1]
            counter = _counter(rows, counted, (row.sensor_id, row.day), name)
            grown = counters.growth(counter, before, step_s=missing.STEP_S, limit_w=LIMIT_W)
            setattr(row, name, None if np.isnan(grown).all() else float(np.nansum(grown)))
    return touched


def _counter(
    rows: Mapping[Key, Day], counted: dict[Key, dict[str, np.ndarray]], key: Key, name: str
) -> np.ndarray:
    if key not in counted:
        counted[key] = packing.unpack(rows[key].packed) if key in rows else {}
    return counted[key].get(name, np.full(missing.BUCKETS, np.nan))
