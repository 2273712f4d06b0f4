"""Aggregates over a portfolio's rows: for all homes, and for each group.

Nothing is left out for being about few homes: portfolio.disclosure, the only reader, decides what is shown.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from django.db.models import Aggregate, Count, Exists, Model, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncWeek

from gridshare_portal.access import models as access
from gridshare_portal.portfolio.models import Group, GroupSite, HomesAggregate, SiteRow
from gridshare_portal.portfolio.projection.row_builder import ENERGIES, POWERS
from gridshare_portal.telemetry import latest

SUMMED = (*POWERS, "capacity_wh", "stored_wh", *ENERGIES)
AGES = ("fresh", "late", "stale", "silent", "none")
WEEKS = 8

Figures: TypeAlias = dict[str, Any]  # what HomesAggregate.figures keeps as JSON, by name


def make(*, organization: int, began_at: datetime | None, now: datetime) -> None:
    """Write the aggregates of an organization (a key) from its rows as they are now."""
    lines = SiteRow.objects.filter(organization=organization)
    figures = {**_figures(lines, now), "weeks": _weeks(lines, organization, now)}
    _write(organization, None, figures, began_at or now, now)
    inside = _inside(organization)
    for group in Group.objects.filter(organization=organization):
        member = GroupSite.objects.filter(group=group, site=OuterRef("site"))
        figures = {**_figures(lines.filter(Exists(member)), now), "inside": inside.get(group.pk, [])}
        _write(organization, group, figures, began_at or now, now)


def age(freshness: str, *, now: datetime, key: str = "last_reading_key") -> Q:
    """Return the condition that a home's newest reading is of this freshness (one of AGES), on an indexed
    key.
    """
    fresh, late, stale = (int((now - step).timestamp()) for step in (latest.FRESH, latest.LATE, latest.STALE))
    first, end = {
        "fresh": (fresh, None),
        "late": (late, fresh),
        "stale": (stale, late),
        "silent": (0, stale),
        "none": (None, 0),
    }[freshness]
    bounds = {f"{key}__gte": first, f"{key}__lt": end}
    return Q(**{bound: value for bound, value in bounds.items() if value is not None})


def weeks(now: datetime) -> list[datetime]:
    """Return the beginnings of the last WEEKS weeks, Mondays at midnight UTC, the newest first."""
    monday = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())
    return [monday - timedelta(weeks=number) for number in range(WEEKS)]


def _write(organization: int, group: Group | None, figures: Figures, began: datetime, at: datetime) -> None:
    values = {"made_at": at, "began_at": began, "homes": figures["homes"], "figures": figures}
    HomesAggregate.objects.update_or_create(organization_id=organization, group=group, defaults=values)


def _figures(lines: QuerySet[SiteRow], now: datetime) -> Figures:
    today = Q(day=now.date())
    sums: dict[str, Aggregate] = {"homes": Count("pk")}
    for name in SUMMED:
        counts = today if name in ENERGIES else Q()
        sums[f"sum_{name}"] = Sum(name, filter=counts)
        sums[f"of_{name}"] = Count(name, filter=counts)
    sums |= {f"age_{name}": Count("pk", filter=age(name, now=now)) for name in AGES}
    sums |= {
        f"has_{name}": Count("pk", filter=Q(**{f"has_{name}": True})) for name in ("solar", "battery", "ev")
    }
    sums["full_wh"] = Sum("capacity_wh", filter=Q(stored_wh__isnull=False))
    sums["ended"] = Count("pk", filter=~Q(state="active"))
    sums["controllable"] = Count("pk", filter=Q(right="control"))
    sums["ask_first"] = Count("pk", filter=Q(right="control", ask_first=True))
    return {**lines.aggregate(**sums), "day": now.date().isoformat()}


def _weeks(lines: QuerySet[SiteRow], organization: int, now: datetime) -> list[dict[str, str | int]]:
    """Return the funnel of the last weeks: how many shared, share still, are connected, have recent
    readings.
    """
    mine, ended = Q(organization=organization), Q(organization=organization, ended_at__isnull=False)
    still = lines.filter(shared_at__gte=weeks(now)[-1])
    recent = ~age("silent", now=now) & ~age("none", now=now)
    steps = {
        "asked": _by_week(access.Request.objects.filter(mine), "made_at", "pk", now),
        "shared": _by_week(access.Consent.objects.filter(mine), "from_at", "site", now),
        "holding": _by_week(still, "shared_at", "pk", now),
        "connected": _by_week(still.filter(state="active"), "shared_at", "pk", now),
        "telling": _by_week(still.filter(recent, state="active"), "shared_at", "pk", now),
        "ended": _by_week(access.Consent.objects.filter(ended), "ended_at", "site", now),
    }
    return [
        {"begins": monday.date().isoformat(), **{step: found.get(monday, 0) for step, found in steps.items()}}
        for monday in weeks(now)
    ]


def _by_week(rows: QuerySet[Model], at: str, what: str, now: datetime) -> dict[datetime, int]:
    lately = rows.filter(**{f"{at}__gte": weeks(now)[-1], f"{at}__lte": now}).order_by()
    found = lately.annotate(week=TruncWeek(at, tzinfo=UTC)).values_list("week")
    return dict(found.annotate(count=Count(what, distinct=True)).order_by())


def _inside(organization: int) -> dict[int, list[int]]:
    """Return, for each group, the larger groups that contain every shared home of it."""
    shared = SiteRow.objects.filter(organization=organization, site=OuterRef("site"))
    members = GroupSite.objects.filter(Exists(shared), group__organization=organization)
    pairs = members.filter(site__in=members.values("site")).values_list("group", "site").order_by()
    homes: dict[int, set[int]] = defaultdict(set)
    for group, site in pairs.iterator():
        homes[group].add(site)
    return {
        one: [other for other, larger in homes.items() if one != other and some <= larger]
        for one, some in homes.items()
    }
