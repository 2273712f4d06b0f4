"""Stamp what is stored of each UTC day of a home, so that sums made of it can be told to be of it still.

Only who stores days calls this, in the same transaction. A stamp is a number at random: whatever was made
before it, by whomever, is not of it. It is never 0, which stands for a day without readings.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import date

from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry.models import Day, SiteDay

BITS = 62
TOGETHER = 200


def changed(days: Collection[Day]) -> None:
    """Stamp the days that were written, and more where one of them may tell since when a sensor is there.

    A sensor that shares its role counts as absent on empty days before its first reading. So a reading before
    an empty day changes all that comes after it.
    """
    sensors = sites.Sensor.objects.filter(pk__in={row.sensor_id for row in days})
    owners = dict(sensors.values_list("pk", "site"))
    touched = {(owners[row.sensor_id], row.day) for row in days if row.sensor_id in owners}
    told: dict[int, date] = {}
    for row in days:
        if row.known_count:
            told[row.sensor_id] = min(row.day, told.get(row.sensor_id, row.day))
    if told:
        empty = Day.objects.filter(sensor__in=told, known_count=0, day__gt=min(told.values()))
        for sensor in set(empty.values_list("sensor_id", flat=True)) & set(owners):
            later = SiteDay.objects.filter(site=owners[sensor], day__gte=told[sensor], days=1)
            touched |= {(owners[sensor], day) for day in later.values_list("day", flat=True)}
    _stamp(touched)


def trusted(row: telemetry.Collection | None) -> bool:
    """Return whether whoever wrote the home's days last has left stamps of them."""
    return row is not None and row.last_ok_at is not None and row.stamped_at == row.last_ok_at


def renew(site: sites.Site) -> None:
    """Stamp every day of which readings are stored, and no other."""
    SiteDay.objects.filter(site=site).delete()
    stored = Day.objects.filter(sensor__in=site.sensors.values("pk")).order_by()
    _stamp((site.pk, day) for day in stored.values_list("day", flat=True).distinct())


def _stamp(days: Iterable[tuple[int, date]]) -> None:
    rows = [SiteDay(site_id=site, day=day, stamp=secrets.randbits(BITS) | 1) for site, day in sorted(days)]
    unique, written = ["site", "day", "days"], ["stamp"]
    SiteDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=unique, update_fields=written, batch_size=TOGETHER
    )
