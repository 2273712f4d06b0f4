"""Turn readings into rows: merge them into a sensor's days, close the days, and roll them up.

Only `collect` calls this, and holds the home's lease from merging to storing. Merging takes its time, so it
is done before the transaction: where a database has one writer at a time, everybody else would wait for it.
What an answer changes of what was final is noted beside (`revisions`).

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
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import meters, missing, packing
from gridshare_portal.telemetry.collecting import revisions
from gridshare_portal.telemetry.models import Day, Latest, Revision
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
    "told_s",
)

BESIDE = (-1, 0, 1)  # days that decide on a day's energy, seen from that day
OWN = np.array([(missing.BUCKETS, 2 * missing.BUCKETS)])  # the middle of three days

Key = tuple[int, date]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FetchedReadings:
    """What was answered for a window; `told_s` is how long the service's own buckets were."""

    window: missing.Window
    readings: Sequence[types.Reading]
    told_s: int = missing.STEP_S


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What is to be written: days, and what is noted of changes to the past."""

    days: Sequence[Day] = ()
    revisions: Sequence[Revision] = ()


def merge(answers: Sequence[FetchedReadings], *, now: datetime, home: revisions.Home | None = None) -> Merged:
    """Return the days that answers change, merged into what is stored, and others whose energy changes.

    With the home that the answers are of, changes to its past are noted.
    """
    if not answers:
        return Merged()
    rows = _rows_around(answers)
    before, changed = dict(rows), {}
    for answer in answers:
        for day, readings in _by_day(answer, now).items():
            row = rows.get((answer.window.sensor, day))
            merged = _merged(row, day, readings, answer, now)
            if merged is not None:
                rows[answer.window.sensor, day] = changed[answer.window.sensor, day] = merged
    sensors = home.sensors if home else _sensors(answers)
    written = rolled_up(rows, changed, sensors)
    noted = revisions.noticed(before, rows, changed, home=home, now=now) if home else ()
    return Merged(days=written, revisions=noted)


def store(merged: Merged) -> None:
    """Write days and what is noted of them, new or not, and stamp the days."""
    Day.objects.bulk_create(
        merged.days,
        update_conflicts=True,
        unique_fields=["sensor", "day"],
        update_fields=WRITTEN,
        batch_size=50,
    )
    stamps.changed(merged.days)
    if merged.revisions:
        revisions.store(merged.revisions)


def write_latest(
    answers: Sequence[FetchedReadings], *, now: datetime, known: Mapping[int, datetime] | None = None
) -> None:
    """Keep each sensor's newest reading, unless a newer one is stored; none that lies in the future.

    `known` are the moments of those that are stored, from a caller that has read them under its lease.
    """
    past = {answer.window.sensor: _until(answer.readings, now) for answer in answers}
    newest = {sensor: some[-1] for sensor, some in past.items() if some}
    if known is None:
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


def _sensors(answers: Sequence[FetchedReadings]) -> dict[int, sites.Sensor]:
    """Return the sensors that answers are of, with their devices."""
    found = sites.Sensor.objects.filter(pk__in={answer.window.sensor for answer in answers})
    return {sensor.pk: sensor for sensor in found.select_related("device")}


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
    row: Day | None, day: date, readings: list[types.Reading], answer: FetchedReadings, now: datetime
) -> Day | None:
    columns = {name: np.full(missing.BUCKETS, np.nan) for name in packing.FIELDS}
    known = np.zeros(missing.BUCKETS, dtype=bool)
    if row is not None:
        columns.update(packing.unpack(row.packed))
        known = packing.flags(row.known, missing.BUCKETS)
    _put(readings, day, columns, known)
    asked = missing.covers(answer.window, day) and missing.midnight(day) + missing.DAY <= now
    if row is None and not asked and not known.any():
        return None
    complete = bool(known.all())
    again_at = missing.ask_again_at(day, complete=complete, asked_at=now if asked else None)
    if row is not None and not asked:
        again_at = row.ask_again_at or again_at
    closed_at = None if again_at else row.closed_at or now if row is not None else now
    packed, bits = packing.pack(columns), packing.bits(known)
    told_s = answer.told_s if readings or row is None else row.told_s
    if row is not None and (packed, bits, again_at, closed_at, told_s) == _written(row):
        return None
    return Day(
        sensor_id=answer.window.sensor,
        day=day,
        step_s=missing.STEP_S,
        packed=packed,
        known=bits,
        known_count=int(known.sum()),
        ask_again_at=again_at,
        closed_at=closed_at,
        told_s=told_s,
    )


def _written(row: Day) -> tuple[bytes, bytes, datetime | None, datetime | None, int]:
    return bytes(row.packed), bytes(row.known), row.ask_again_at, row.closed_at, row.told_s


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


def rolled_up(
    rows: Mapping[Key, Day], changed: Mapping[Key, Day], sensors: Mapping[int, sites.Sensor]
) -> list[Day]:
    """Return every row to be written, with its energy (Wh) and its peak (W), each within its sensor's limit.

    A counter is judged by the days beside it, so a day's roll-up is right only once those are stored.
    """
    near = sorted({_beside(key, step) for key in changed for step in BESIDE} & set(rows))
    read = sorted({_beside(key, step) for key in near for step in BESIDE} & set(rows))
    columns = packing.unpack_many([rows[key].packed for key in read], meters.FIELDS, missing.BUCKETS)
    unknown = np.full((1, missing.BUCKETS), np.nan)
    columns = {name: np.concatenate((column, unknown)) for name, column in columns.items()}
    place = {key: number for number, key in enumerate(read)}
    touched = []
    limits_w = {pk: meters.limit_of(one) for pk, one in sensors.items()}
    for key in near:
        row, limit_w = rows[key], limits_w[key[0]]
        before = row.in_wh, row.out_wh
        around = [place.get(_beside(key, step), len(read)) for step in BESIDE]
        joined = {name: column[around] for name, column in columns.items()}
        grown = meters.read({name: some.ravel() for name, some in joined.items()}, limit_w=limit_w)
        row.in_wh, row.out_wh = (_known(float(one.totals(OWN)[0])) for one in grown)
        if key in changed:
            row.peak_w = _peak_w({name: some[1] for name, some in joined.items()}, limit_w)
        if key in changed or before != (row.in_wh, row.out_wh):
            row.pk = None  # written by sensor and day, whether it is new or not
            touched.append(row)
    return touched


def _peak_w(columns: Mapping[str, np.ndarray], limit_w: float) -> float | None:
    powers = meters.believable(np.concatenate((columns["in_w"], columns["out_w"])), limit_w)
    return None if np.isnan(powers).all() else float(np.nanmax(powers))


def _beside(key: Key, step: int) -> Key:
    sensor, day = key
    return sensor, day + step * missing.DAY


def _known(energy_wh: float) -> float | None:
    return None if np.isnan(energy_wh) else energy_wh
