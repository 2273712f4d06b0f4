"""Gathers the facts of many homes, with the same few queries for one home and for a hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.cases.examining import daily_statistics, facts
from gridshare_portal.cases.models import Examination
from gridshare_portal.cases.rules import changes as rules_changes
from gridshare_portal.control import models as control
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, stored
from gridshare_portal.telemetry import models as telemetry

LEARNED_FOR = timedelta(hours=3)


def learn(rows: Sequence[Examination], *, now: datetime) -> list[Examination]:
    """Recompute daily statistics where due; return the rows that changed, for the caller to save."""
    due = [row for row in rows if row.learned_at is None or now - row.learned_at >= LEARNED_FOR]
    if not due:
        return []
    first, today = missing.day_of(now - daily_statistics.LOOK_BACK) - missing.DAY, missing.day_of(now)
    last = today + missing.DAY  # a balance is believed only with the day after it
    read = stored.of_several([row.site for row in due], first=first, last=last)
    for row in due:
        row.learned = daily_statistics.learned(read[row.site_id], row.learned, now=now)
        row.learned_at = now
    return due


def homes(rows: Sequence[Examination], *, now: datetime) -> dict[int, facts.SiteFacts]:
    """Return the facts by home, with the consents that hold now."""
    pks = [row.site_id for row in rows]
    connections, shares = _connections(pks), _shares(pks, now)
    sensors, changes = _sensors(rows), _changes(pks, now)
    collections = {
        row.site_id: facts.Collection(answered_at=row.last_ok_at, failures=row.failures, error=row.last_error)
        for row in telemetry.Collection.objects.filter(site__in=pks)
    }
    return {
        row.site_id: facts.SiteFacts(
            zone=row.site.zone,
            known_since_at=row.site.created_at,
            connections=tuple(connections[row.site_id]),
            shares=tuple(shares[row.site_id]),
            sensors=tuple(sensors[row.site_id]),
            collection=collections.get(row.site_id),
            changes=tuple(changes[row.site_id].values()),
            balance=daily_statistics.balance_of(row.learned),
            solar_hours=frozenset(row.learned.get("solar_hours", ())),
        )
        for row in rows
    }


def _connections(pks: Sequence[int]) -> dict[int, list[facts.ConnectionFacts]]:
    """Return the connections by home.

    The status is compared here: in the query, PostgreSQL may start from all connections of that status.
    """
    found: dict[int, list[facts.ConnectionFacts]] = defaultdict(list)
    present = sites.ConnectionSite.objects.filter(site__in=pks, lost_at=None).select_related("connection")
    for site, one in ((row.site_id, row.connection) for row in present):
        if one.status in policy.WORKING:
            found[site].append(
                facts.ConnectionFacts(
                    is_active=one.is_active,
                    since_at=one.status_since_at,
                    scopes=one.scope_set,
                    user=one.user_id,
                )
            )
    return found


def _shares(pks: Sequence[int], now: datetime) -> dict[int, list[facts.Share]]:
    found: dict[int, list[facts.Share]] = defaultdict(list)
    for consent in policy.holding(now=now).filter(site__in=pks).order_by("pk"):
        found[consent.site_id].append(
            facts.Share(
                organization=consent.organization_id,
                given_by=consent.given_by_id,
                controls=consent.right == access.Right.CONTROL,
                from_at=consent.from_at,
                until_at=consent.until_at,
            )
        )
    return found


def _sensors(rows: Sequence[Examination]) -> dict[int, list[facts.SensorFacts]]:
    found: dict[int, list[facts.SensorFacts]] = defaultdict(list)
    made_at = {row.site_id: row.learned.get("made_at", {}) for row in rows}
    present = sites.Sensor.objects.filter(stored.COUNTS, site__in=list(made_at), gone_at=None)
    for sensor in present.select_related("latest"):
        made = made_at[sensor.site_id].get(sensor.synth_id)
        found[sensor.site_id].append(_sensor(sensor, datetime.fromisoformat(made) if made else None))
    return found


def _sensor(sensor: sites.Sensor, made_at: datetime | None) -> facts.SensorFacts:
    latest: telemetry.Latest | None = getattr(sensor, "latest", None)
    last_reading_at = min(latest.at + missing.STEP, latest.read_at) if latest else None
    if latest and (latest.out_w or 0.0) >= daily_statistics.MADE_W:
        made_at = last_reading_at
    return facts.SensorFacts(
        synth_id=sensor.synth_id, role=sensor.role, last_reading_at=last_reading_at, made_at=made_at
    )


def _changes(pks: Sequence[int], now: datetime) -> dict[int, dict[tuple[str, str], facts.Change]]:
    """Return by home the newest change of each kind at each device that was sent lately."""
    found: dict[int, dict[tuple[str, str], facts.Change]] = defaultdict(dict)
    lately = control.Change.objects.filter(site__in=pks, made_at__gt=now - rules_changes.FORGOTTEN)
    sent = lately.exclude(outcome__in=["refused", "failed"]).order_by("-made_at")
    fields = ("site_id", "device__synth_id", "kind", "outcome", "made_at")
    for site, device, kind, outcome, made_at in sent.values_list(*fields):
        change = facts.Change(device=device, kind=kind, outcome=outcome, made_at=made_at)
        found[site].setdefault((device, kind), change)
    return found
