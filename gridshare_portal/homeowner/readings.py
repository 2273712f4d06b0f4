"""Tell whether what a page shows of a home's stored readings may have changed since."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from django.conf import settings

from gridshare_portal.energy import periods
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, stored
from gridshare_portal.telemetry.models import Collection


def mark(kept: stored.Kept, period: periods.Period, *, now: datetime) -> str:
    """Return a mark that changes with everything that what is shown of a period may depend on.

    No day is read for it: whoever writes days writes the home's collection in the same transaction, and holds
    or gives back its lease there. Beside that count what each sensor measures, the home's clock, and how many
    buckets have begun. A mark may change although nothing else does, and never the other way round.
    """
    until_s, step_s = min(now, period.end).timestamp(), missing.STEP_S
    said = (
        settings.VERSION,
        kept.site.time_zone,
        (period.start, period.end),
        (now.astimezone(UTC).date(), until_s // step_s, -(-until_s // step_s)),
        _of_collection(kept.collection),
        [_of_sensor(sensor) for sensor in kept.sensors],
    )
    return hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()


def _of_collection(row: Collection | None) -> tuple[object, ...]:
    if row is None:
        return ()
    written = (row.lease_until_at, row.due_at, row.last_ok_at, row.failures)
    return (row.pk, *written, row.cursor, row.goal, row.filled_back_to)


def _of_sensor(sensor: sites.Sensor) -> tuple[object, ...]:
    device = sensor.device
    rated = (device.kind, device.capacity_wh, device.power_limit_w) if device else ()
    return (sensor.pk, sensor.role, sensor.gone_at, rated)
