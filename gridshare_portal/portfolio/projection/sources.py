"""Gathers what is known of many shared homes, with the same few queries for one and for a thousand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection import row_builder
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry import stored

READING = ("at", "read_at", "in_w", "out_w", "charge_pct")
FIELDS = ("pk", "site_id", "role_set", "role_found", "device_id", "device__capacity_wh")


def homes(pks: Sequence[int], *, organization: int, now: datetime) -> list[SiteRow]:
    """Return an unsaved row for each of these homes that is shared with the organization now."""
    consents = _consents(pks, organization, now)
    shared = list(consents)
    sensors, active = _sensors(shared, now), _active(shared)
    found = sites.Site.objects.filter(pk__in=shared).values_list("pk", "name", "time_zone")
    return [
        SiteRow(
            organization_id=organization,
            site_id=pk,
            name_key=name_key(name),
            time_zone=zone,
            state="active" if active & {(pk, one.given_by_id) for one in consents[pk]} else "reconnect",
            day=now.date(),
            **_sharing(consents[pk]),
            **row_builder.columns(sensors[pk], now=now),
        )
        for pk, name, zone in found
    ]


def name_key(name: str) -> str:
    """Return the name as it is sorted and searched: case-folded, spaces collapsed, at most 160 characters."""
    return " ".join(name.replace("\0", "").casefold().split())[:160]


def _consents(pks: Sequence[int], organization: int, now: datetime) -> dict[int, list[access.Consent]]:
    found: dict[int, list[access.Consent]] = defaultdict(list)
    held = policy.holding(now=now).filter(organization=organization, site__in=pks)
    for consent in held.order_by("site_id", "pk"):
        found[consent.site_id].append(consent)
    return found


def _sharing(consents: Sequence[access.Consent]) -> dict[str, object]:
    """Return the columns about sharing: of the consent that allows most, since the first that holds."""
    best = min(consents, key=policy.furthest)
    since_at = min(one.from_at for one in consents)
    return {
        "right": best.right,
        "ask_first": best.ask_first,
        "shared_at": since_at,
        "shared_key": int(since_at.timestamp()),
    }


def _active(pks: Sequence[int]) -> set[tuple[int, int]]:
    """Return (home, user) pairs whose connection can be read.

    The status is compared here: in the query, PostgreSQL may start from all connections of that status.
    """
    connection_sites = sites.ConnectionSite.objects.filter(site__in=pks, lost_at=None)
    found = connection_sites.values_list("site_id", "connection__user_id", "connection__status")
    return {(site, user) for site, user, status in found if status == "active"}


def _sensors(pks: Sequence[int], now: datetime) -> dict[int, list[row_builder.SensorNow]]:
    present = sites.Sensor.objects.filter(stored.COUNTS, site__in=pks, gone_at=None).order_by()
    latest = [f"latest__{name}" for name in READING]
    rows = list(present.values_list(*FIELDS, *latest))
    days = telemetry.Day.objects.filter(sensor__in=[row[0] for row in rows], day=now.date())
    energy = {sensor: pair for sensor, *pair in days.values_list("sensor_id", "in_wh", "out_wh")}
    found: dict[int, list[row_builder.SensorNow]] = defaultdict(list)
    for pk, site, role_set, role_found, device, capacity_wh, *reading in rows:
        in_wh, out_wh = energy.get(pk, (None, None))
        found[site].append(
            row_builder.SensorNow(
                role=role_set or role_found,
                device=device,
                capacity_wh=capacity_wh,
                in_wh=in_wh,
                out_wh=out_wh,
                **dict(zip(READING, reading, strict=True)),
            )
        )
    return found
