"""Collects what the gap diagnosis needs: connections, fetching, known buckets.

A constant number of queries for any number of sensors and days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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


def coverage_of(site: sites.Site, *, now: datetime) -> gaps.SiteCoverage:
    """Return what is known of the last 30 days of a home, in five queries."""
    collected = _collected(Collection.objects.filter(site=site).first())
    first = missing.day_of(now) - timedelta(days=DAYS)
    read_at = collected.read_at if collected and collected.read_at else now
    count = max(0, int((read_at - missing.midnight(first)) // missing.STEP))  # whole buckets that were over
    days = -(-count // missing.BUCKETS)
    sensors = _sensors(site)
    rows = _rows([pk for pk, *_rest in sensors], first, days)
    return gaps.SiteCoverage(
        start=missing.midnight(first),
        connections=tuple(_connection(connection) for connection in queries.connections_of(site)),
        collected=collected,
        sensors=tuple(
            gaps.SensorCoverage(
                synth_id=synth_id,
                first_at=_first_at(first_day, first_known),
                last_at=last_at,
                known=_known(rows[pk], first, days)[:count],
                resets=_resets(rows[pk], first),
            )
            for pk, synth_id, first_day, first_known, last_at in sensors
        ),
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


def _sensors(site: sites.Site) -> list[tuple[int, str, date | None, bytes | None, datetime | None]]:
    """Return pk and id of the sensors, day and buckets of their first reading, and their newest one."""
    days = Day.objects.filter(sensor=OuterRef("pk"), known_count__gt=0, step_s=missing.STEP_S).order_by("day")
    newest = Latest.objects.filter(sensor=OuterRef("pk"))
    rows = queries.sensors_of(site).annotate(
        first_day=Subquery(days.values("day")[:1]),
        first_known=Subquery(days.values("known")[:1]),
        last_at=Subquery(newest.values("at")[:1]),
    )
    return list(rows.values_list("pk", "synth_id", "first_day", "first_known", "last_at"))


def _rows(sensors: Sequence[int], first: date, days: int) -> Mapping[int, Mapping[date, tuple[bytes, bytes]]]:
    """Return by sensor and day the known buckets and the packed readings."""
    found: dict[int, dict[date, tuple[bytes, bytes]]] = defaultdict(dict)
    period = {"day__gte": first, "day__lt": first + timedelta(days=days)}
    rows = Day.objects.filter(sensor__in=sensors, step_s=missing.STEP_S, **period)
    for sensor, day, known, packed in rows.values_list("sensor_id", "day", "known", "packed"):
        found[sensor][day] = (bytes(known), bytes(packed))
    return found


def _known(rows: Mapping[date, tuple[bytes, bytes]], first: date, days: int) -> np.ndarray:
    known = np.zeros((days, missing.BUCKETS), dtype=bool)
    for day, (bits, _packed) in rows.items():
        known[(day - first).days] = packing.flags(bits, missing.BUCKETS)
    return known.reshape(-1)


def _first_at(day: date | None, known: bytes | None) -> datetime | None:
    if day is None or known is None:
        return None
    flags = packing.flags(bytes(known), missing.BUCKETS)
    return missing.midnight(day) + int(np.argmax(flags)) * missing.STEP


def _resets(rows: Mapping[date, tuple[bytes, bytes]], first: date) -> tuple[datetime, ...]:
    """Return the starts of the buckets in which a lifetime counter was reset."""
    if not rows:
        return ()
    days = sorted(rows)
    columns = packing.unpack_many([rows[day][1] for day in days], ("in_wh", "out_wh"), missing.BUCKETS)
    buckets = np.arange(missing.BUCKETS)
    starts = np.concatenate([(day - first).days * missing.BUCKETS + buckets for day in days])
    found = {at for column in columns.values() for at in _falls(column.reshape(-1), starts)}
    return tuple(missing.midnight(first) + at * missing.STEP for at in sorted(found))


def _falls(counter: np.ndarray, starts: np.ndarray) -> list[int]:
    """Return where a counter fell and stayed lower for half a day, unlike a passing glitch."""
    at = np.flatnonzero(~np.isnan(counter))
    values = counter[at]
    falls = np.flatnonzero(values[:-1] - values[1:] > RESET_WH)
    return [
        int(starts[at[fall + 1]])
        for fall in falls.tolist()
        if (values[fall + 1 : fall + 1 + HALF_A_DAY] < values[fall]).all()
    ]
