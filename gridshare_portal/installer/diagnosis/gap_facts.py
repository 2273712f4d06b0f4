"""Collects what the gap diagnosis needs: connections, fetching, known buckets.

A constant number of queries for any number of sensors and days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import OuterRef, Subquery

from gridshare_portal.installer.diagnosis import gaps
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.models import Collection, Day, Latest

DAYS = 30
RESET_WH = 1.0
HALF_A_DAY = 48


@dataclass(frozen=True)
class _Known:
    row: sites.Sensor
    first_day: date | None
    first_known: bytes | memoryview | None
    last_at: datetime | None


def coverage_of(site: sites.Site, *, now: datetime) -> gaps.SiteCoverage:
    """Return what is known of the last 30 days of a home, in five queries."""
    collected = _collected(Collection.objects.filter(site=site).first())
    first = missing.day_of(now) - timedelta(days=DAYS)
    read_at = collected.read_at if collected and collected.read_at else now
    count = max(0, int((read_at - missing.midnight(first)) // missing.STEP))  # whole buckets that were over
    sensors = _sensors(site)
    rows = _rows(sensors, first)
    return gaps.SiteCoverage(
        start=missing.midnight(first),
        connections=tuple(_connection(connection) for connection in queries.connections_of(site)),
        collected=collected,
        sensors=tuple(_sensor(known, rows.get(known.row.pk, {}), first, count) for known in sensors),
    )


def _connection(connection: lunar.Connection) -> gaps.ConnectionState:
    return gaps.ConnectionState(
        is_active=connection.is_active,
        since_at=connection.status_since_at,
        by_homeowner=connection.status == lunar.Connection.Status.DISCONNECTED,
        reads=scopes.DEVICE_READ in connection.scope_set,
    )


def _collected(row: Collection | None) -> gaps.Collected | None:
    if row is None:
        return None
    return gaps.Collected(
        read_at=row.last_ok_at,
        failures=row.failures,
        error=row.last_error,
        filled_back_to=row.filled_back_to,
        goal=row.goal,
    )


def _sensors(site: sites.Site) -> list[_Known]:
    """Return the sensors with the day and the buckets of their first reading, and their newest one."""
    days = Day.objects.filter(sensor=OuterRef("pk"), known_count__gt=0, step_s=missing.STEP_S).order_by("day")
    newest = Latest.objects.filter(sensor=OuterRef("pk"))
    rows = queries.sensors_of(site).annotate(
        first_day=Subquery(days.values("day")[:1]),
        first_known=Subquery(days.values("known")[:1]),
        last_at=Subquery(newest.values("at")[:1]),
    )
    return [_Known(row, row.first_day, row.first_known, row.last_at) for row in rows]


def _rows(sensors: Sequence[_Known], first: date) -> Mapping[int, Mapping[date, tuple[bytes, bytes]]]:
    found: dict[int, dict[date, tuple[bytes, bytes]]] = defaultdict(dict)
    rows = Day.objects.filter(sensor__in=[known.row.pk for known in sensors], day__gte=first)
    fields = ("sensor_id", "day", "known", "packed")
    for sensor, day, known, packed in rows.filter(step_s=missing.STEP_S).values_list(*fields):
        found[sensor][day] = (bytes(known), bytes(packed))
    return found


def _sensor(
    sensor: _Known, rows: Mapping[date, tuple[bytes, bytes]], first: date, count: int
) -> gaps.SensorCoverage:
    days = -(-count // missing.BUCKETS)
    known = np.zeros((max(days, 1), missing.BUCKETS), dtype=bool)
    inside = {day: row for day, row in rows.items() if (day - first).days < days}
    for day, (bits, _packed) in inside.items():
        known[(day - first).days] = packing.flags(bits, missing.BUCKETS)
    return gaps.SensorCoverage(
        synth_id=sensor.row.synth_id,
        first_at=_first_at(sensor),
        last_at=sensor.last_at,
        known=known.reshape(-1)[:count],
        resets=_resets(inside, first),
    )


def _first_at(sensor: _Known) -> datetime | None:
    if sensor.first_day is None or sensor.first_known is None:
        return None
    known = packing.flags(bytes(sensor.first_known), missing.BUCKETS)
    return missing.midnight(sensor.first_day) + int(np.argmax(known)) * missing.STEP


def _resets(rows: Mapping[date, tuple[bytes, bytes]], first: date) -> tuple[datetime, ...]:
    """Return the starts of the buckets in which a lifetime counter was reset."""
    if not rows:
        return ()
    days = sorted(rows)
    packed = [rows[day][1] for day in days]
    columns = packing.unpack_many(packed, ("in_wh", "out_wh"), missing.BUCKETS)
    starts = np.concatenate(
        [(day - first).days * missing.BUCKETS + np.arange(missing.BUCKETS) for day in days]
    )
    found = {at for column in columns.values() for at in _falls(column.reshape(-1), starts)}
    return tuple(missing.midnight(first) + at * missing.STEP for at in sorted(found))


def _falls(counter: np.ndarray, starts: np.ndarray) -> list[int]:
    """Return where a counter fell and stayed lower for half a day, unlike a passing glitch."""
    at = np.flatnonzero(~np.isnan(counter))
    values = counter[at]
    falls = np.flatnonzero(values[:-1] - values[1:] > RESET_WH)
    stays = [
        fall for fall in falls.tolist() if (values[fall + 1 : fall + 1 + HALF_A_DAY] < values[fall]).all()
    ]
    return [int(starts[at[fall + 1]]) for fall in stays]
