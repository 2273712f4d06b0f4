"""A home's tree with the health of everything in it, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Sum

from gridshare_portal.audit import names as events
from gridshare_portal.audit import queries as record
from gridshare_portal.energy import periods
from gridshare_portal.installer.diagnosis import names, tree_health
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, structure
from gridshare_portal.telemetry import latest as telemetry_latest
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry import queries as telemetry
from gridshare_portal.telemetry.meaning import words as meaning_words
from gridshare_portal.telemetry.models import Day, Latest

DAYS = 8
SILENT = ("stale", "silent", "none")
UNFOLDED = 80
NO_SUMS = (None, None)
FOUND = "the portal"


@dataclass(frozen=True, kw_only=True)
class HealthRow:
    """One line of the tree: what it is, how fresh it is, and what cannot be right about it."""

    branch: queries.Branch
    title: str
    latest: Latest | None
    freshness: str
    role_by: str
    wrong: Sequence[tree_health.Mismatch]
    told: Sequence[str]
    unfolded: bool


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A home's tree, and what is wrong with the home as a whole."""

    lines: Sequence[HealthRow]
    home: Sequence[tree_health.Mismatch]
    gap: structure.Gap | None
    notes: Sequence[structure.Note]
    wrong_count: int
    silent_count: int
    sensor_count: int


def tree_of(site: sites.Site, *, organization_id: int, now: datetime) -> Tree:
    branches = queries.tree_of(site)
    sensors = list(queries.sensors_of(site).select_related("device", "latest"))
    latest = {one.synth_id: getattr(one, "latest", None) for one in sensors}
    hung = {branch.device.synth_id for branch in branches if branch.device}
    wrong = tree_health.mismatches(_weeks(sensors, site.zone, now), sorted(hung), _balance(site, now))
    authors = _role_authors(site, organization_id)
    known = structure.known_of(site)
    told = meaning_words.of_sensors(one.pk for one in sensors)
    lines = [
        HealthRow(
            branch=branch,
            title=_title(branch),
            latest=latest.get(branch.synth_id),
            freshness=_freshness(branch, latest, now),
            role_by=_role_by(branch.sensor, authors),
            wrong=wrong.get(branch.synth_id, ()),
            told=told.get(branch.sensor.pk, ()) if branch.sensor else (),
            unfolded=branch.depth == 0 or len(branches) <= UNFOLDED,
        )
        for branch in branches
    ]
    return Tree(
        lines=lines,
        home=wrong.get(tree_health.HOME, ()),
        gap=structure.gap_of(known, has_readings=True),
        notes=structure.notes_of(known),
        wrong_count=sum(len(some) for some in wrong.values()),
        silent_count=sum(line.freshness in SILENT for line in lines if line.branch.sensor),
        sensor_count=len(sensors),
    )


def _title(branch: queries.Branch) -> str:
    if branch.sensor:
        return names.role(branch.sensor)
    return names.device(branch.device) if branch.device else names.part(branch.kind)


def _freshness(branch: queries.Branch, latest: Mapping[str, Latest | None], now: datetime) -> str:
    if branch.sensor is None:
        return ""
    newest = latest.get(branch.synth_id)
    heard_at = min(newest.at + missing.STEP, newest.read_at) if newest else None
    return telemetry_latest.freshness(heard_at, now=now)


def _role_by(sensor: sites.Sensor | None, authors: Mapping[str, str]) -> str:
    if sensor is None:
        return ""
    return authors.get(sensor.synth_id, "somebody") if sensor.role_set else FOUND


def _role_authors(site: sites.Site, organization_id: int) -> dict[str, str]:
    """Return who set each sensor's role; of people only one's own colleagues are named."""
    corrections = record.events_of_site(site.audit_id).filter(name=events.Name.ROLE_CORRECTED)
    authors: dict[str, str] = {}
    for event in corrections.order_by("at", "pk"):
        who = event.actor_label if event.organization_id == organization_id else "another organization"
        authors[str(event.details.get("sensor"))] = who if event.organization_id else "the homeowner"
    return authors


def _balance(site: sites.Site, now: datetime) -> tree_health.DayBalance | None:
    yesterday = now.astimezone(site.zone).date() - timedelta(days=1)
    day = telemetry.totals(site, periods.local_day(yesterday, site.zone))
    came = [day.solar_wh, day.from_grid_wh, day.discharged_wh]
    if day.remainder_wh is None or day.known_s < 12 * 3600:
        return None
    return tree_health.DayBalance(through_wh=sum(one or 0 for one in came), remainder_wh=day.remainder_wh)


def _weeks(sensors: Sequence[sites.Sensor], zone: ZoneInfo, now: datetime) -> list[tree_health.SensorWeek]:
    first = missing.day_of(now) - timedelta(days=DAYS)
    sums = _sums(sensors, first)
    hours = _hours([one for one in sensors if one.role == "solar"], first, zone)
    return [
        tree_health.SensorWeek(
            synth_id=sensor.synth_id,
            role=sensor.role,
            device=sensor.device.synth_id if sensor.device else "",
            has_reported=hasattr(sensor, "latest"),
            charge_pct=sensor.latest.charge_pct if hasattr(sensor, "latest") else None,
            in_wh=sums.get(sensor.pk, NO_SUMS)[0],
            out_wh=sums.get(sensor.pk, NO_SUMS)[1],
            hours=hours.get(sensor.pk, {}),
        )
        for sensor in sensors
    ]


def _sums(sensors: Sequence[sites.Sensor], first: date) -> dict[int, tuple[float | None, float | None]]:
    days = Day.objects.filter(sensor__in=[sensor.pk for sensor in sensors], day__gte=first)
    rows = days.values_list("sensor").annotate(went_in=Sum("in_wh"), went_out=Sum("out_wh")).order_by()
    return {sensor: (went_in, went_out) for sensor, went_in, went_out in rows}


def _hours(
    sensors: Sequence[sites.Sensor], first: date, zone: ZoneInfo
) -> dict[int, dict[date, dict[int, float]]]:
    """Return each sensor's mean power given (W) by local day and hour."""
    days = Day.objects.filter(sensor__in=sensors, day__gte=first, step_s=missing.STEP_S)
    rows = list(days.values_list("sensor_id", "day", "packed"))
    if not rows:
        return {}
    powers = packing.unpack_many([bytes(row[2]) for row in rows], ("out_w",), missing.BUCKETS)["out_w"]
    seen: dict[tuple[int, date, int], list[float]] = defaultdict(list)
    for (sensor, day, _packed), column in zip(rows, powers, strict=True):
        for bucket in np.flatnonzero(~np.isnan(column)):
            local = (missing.midnight(day) + int(bucket) * missing.STEP).astimezone(zone)
            seen[sensor, local.date(), local.hour].append(float(column[bucket]))
    means: dict[int, dict[date, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for (sensor, day, hour), some in seen.items():
        means[sensor][day][hour] = sum(some) / len(some)
    return means
