"""Turn readings into rows: merge them into a sensor's days, close the days, and roll them up.

Only `collect` calls this, and holds the home's lease from merging to storing. Merging takes its time, so it
is done before the transaction: where a database has one writer at a time, everybody else would wait for it.

What an answer says is taken over, also where something else was stored, since services correct themselves;
what it does not say never erases anything. A bucket that still runs is kept as the latest reading but not in
a day, so that what a day holds was complete when it was read.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from gridshare_portal.gridshare import types
from gridshare_portal.telemetry import meters, missing, packing
from gridshare_portal.telemetry.models import Day, Latest
from gridshare_portal.telemetry.sums import stamps

WRITTEN = (
    "step_s",
    "packed",
    "known",
    "known_count",
    "ask_again_at",
    "closed_at",
    "in_wh",
    "out_wh",
    "peak_w",
)

OWN = np.array([(missing.BUCKETS, 2 * missing.BUCKETS)])  # the middle of three days

Key = tuple[int, date]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FetchedReadings:
    window: missing.Window
    readings: Sequence[types.Reading]


def merge(answers: Sequence[FetchedReadings], *, now: datetime) -> list[Day]:
    """Return the days that answers change, merged into what is stored, and others whose energy changes."""
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
    """Write days, new or not, and stamp them."""
    Day.objects.bulk_create(
        merged, update_conflicts=True, unique_fields=["sensor", "day"], update_fields=WRITTEN, batch_size=50
    )
    stamps.changed(merged)


def write_latest(answers: Sequence[FetchedReadings], *, now: datetime) -> None:
    """Keep each sensor's newest reading, unless a newer one is stored; none that lies in the future."""
    past = {answer.window.sensor: _until(answer.readings, now) for answer in answers}
    newest = {sensor: some[-1] for sensor, some in past.items() if some}
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


def _until(readings: Sequence[types.Reading], now: datetime) -> list[types.Reading]:
    past = [reading for reading in readings if reading.at <= now]
    if len(past) < len(readings):
        logger.warning(
            "%d readings of a sensor lie in the future and are left out", len(readings) - len(past)
        )
    return past


def _rows_around(answers: Sequence[FetchedReadings]) -> dict[Key, Day]:
    first = missing.day_of(min(answer.window.start for answer in answers)) - 2 * missing.DAY
    last = missing.day_of(max(answer.window.end for answer in answers)) + 2 * missing.DAY
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
    columns = {name: np.full(missing.BUCKETS, np.nan) for name in packing.FIELDS}
    known = np.zeros(missing.BUCKETS, dtype=bool)
    if row is not None:
        columns.update(packing.unpack(row.packed))
        known = packing.flags(row.known, missing.BUCKETS)
    _put(readings, day, columns, known)
    asked = missing.covers(window, day) and missing.midnight(day) + missing.DAY <= now
    if row is None and not asked and not known.any():
        return None
    complete = bool(known.all())
    again_at = missing.ask_again_at(day, complete=complete, asked_at=now if asked else None)
    if row is not None and not asked:
        again_at = row.ask_again_at or again_at
    closed_at = None if again_at else row.closed_at or now if row is not None else now
    packed, bits = packing.pack(columns), packing.bits(known)
    if row is not None and (packed, bits, again_at, closed_at) == _written(row):
        return None
    powers = meters.believable(np.concatenate((columns["in_w"], columns["out_w"])))
    return Day(
        sensor_id=window.sensor,
        day=day,
        step_s=missing.STEP_S,
        packed=packed,
        known=bits,
        known_count=int(known.sum()),
        ask_again_at=again_at,
        closed_at=closed_at,
        peak_w=None if np.isnan(powers).all() else float(np.nanmax(powers)),
    )


def _written(row: Day) -> tuple[bytes, bytes, datetime | None, datetime | None]:
    return bytes(row.packed), bytes(row.known), row.ask_again_at, row.closed_at


def _put(
    readings: Iterable[types.Reading], day: date, columns: dict[str, np.ndarray], known: np.ndarray
) -> None:
    """Write what readings say into a day's columns; what they do not say stays as it was."""
    for reading in readings:
        values = {name: getattr(reading, name) for name in packing.FIELDS}
        bucket = (reading.at - missing.midnight(day)) // missing.STEP
        for name, value in values.items():
            if value is not None:
                known[bucket] = True
                columns[name][bucket] = value


def _rolled_up(rows: Mapping[Key, Day], changed: Mapping[Key, Day]) -> list[Day]:
    """Return every row to be written, with its energy (Wh).

    A counter is judged by the days beside it, so a day's roll-up is right only once those are stored.
    """
    near = {(sensor, day + step * missing.DAY) for sensor, day in changed for step in (-1, 0, 1)}
    touched = []
    decoded: dict[Key, dict[str, np.ndarray]] = {}
    for key in sorted(near & set(rows)):
        row = rows[key]
        before = row.in_wh, row.out_wh
        around = [(row.sensor_id, row.day + step * missing.DAY) for step in (-1, 0, 1)]
        columns = [_columns(rows, decoded, one) for one in around]
        grown = meters.read({name: np.concatenate([one[name] for one in columns]) for name in meters.FIELDS})
        row.in_wh, row.out_wh = (_known(float(one.totals(OWN)[0])) for one in grown)
        if key in changed or before != (row.in_wh, row.out_wh):
            row.pk = None  # written by sensor and day, whether it is new or not
            touched.append(row)
    return touched


def _known(energy_wh: float) -> float | None:
    return None if np.isnan(energy_wh) else energy_wh


def _columns(
    rows: Mapping[Key, Day], decoded: dict[Key, dict[str, np.ndarray]], key: Key
) -> dict[str, np.ndarray]:
    if key not in decoded:
        unknown = {name: np.full(missing.BUCKETS, np.nan) for name in packing.FIELDS}
        decoded[key] = unknown | (packing.unpack(rows[key].packed) if key in rows else {})
    return decoded[key]
