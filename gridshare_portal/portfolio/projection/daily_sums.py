"""A portfolio's energy by UTC day, from the daily energy of its homes' sensors; the only writer of
PortfolioDay.

A day is summed again for as long as late readings may come, and after a week and a month, when it was asked
for again. Summing is idempotent, so a worker that dies costs nothing and two at once do no harm. Homes are
taken in steps of constant size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Aggregate, Count, F, Q, Sum

from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.models import ProjectionPass, SiteRow
from gridshare_portal.portfolio.projection.row_builder import ENERGIES
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry import stored

DAYS_BACK = 62  # two months, so that the whole last month is always there
SETTLED = timedelta(days=3)
LATER = (timedelta(days=8), timedelta(days=31))  # after readings were asked for again
AGAIN = timedelta(hours=6)
TOGETHER = 2000
AT_MOST = 5
CHANGED = "changed"  # how many homes' readings of the day Lunar corrected or handed in later


def due(*, now: datetime) -> list[tuple[int, date]]:
    """Return (organization key, day) pairs to sum next: at most AT_MOST per portfolio, the newest first."""
    organizations = list(ProjectionPass.objects.values_list("organization_id", flat=True))
    known = portfolio.PortfolioDay.objects.filter(organization__in=organizations)
    made = {(pk, day): at for pk, day, at in known.values_list("organization_id", "day", "made_at")}
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=number) for number in range(1, DAYS_BACK + 1)]
    unsummed = {pk: [day for day in days if _is_due(day, made.get((pk, day)), now)] for pk in organizations}
    return [(pk, day) for pk, some in unsummed.items() for day in some[:AT_MOST]]


def count(*, organization: int, day: date, now: datetime) -> None:
    """Sum one UTC day, in Wh, over all homes that have a row in the portfolio now."""
    sums: Counter[str] = Counter()
    for pks in _homes(organization):
        sensors = sites.Sensor.objects.filter(stored.COUNTS, site__in=pks)
        days = telemetry.Day.objects.filter(day=day, sensor__in=sensors.values("pk"))
        found = days.annotate(home=F("sensor__site")).aggregate(**_sums())
        sums.update({name: value or 0 for name, value in found.items()})
        changed = telemetry.Revision.objects.filter(day=day, sensor__in=sensors.values("pk"))
        sums[CHANGED] += changed.values("sensor__site").distinct().count()
    figures = {name: {"wh": sums[f"sum_{name}"], "homes": sums[f"of_{name}"]} for name in ENERGIES}
    figures[CHANGED] = {"homes": sums[CHANGED]}
    portfolio.PortfolioDay.objects.update_or_create(
        organization_id=organization, day=day, defaults={"figures": figures, "made_at": now}
    )


def _is_due(day: date, made_at: datetime | None, now: datetime) -> bool:
    ended_at = datetime.combine(day, time(), UTC) + timedelta(days=1)
    if made_at is None or any(made_at < ended_at + age <= now for age in LATER):
        return True
    return made_at < ended_at + SETTLED and made_at <= now - AGAIN


def _homes(organization: int) -> Iterator[list[int]]:
    cursor = 0
    lines = SiteRow.objects.filter(organization=organization).order_by("site_id")
    while pks := list(lines.filter(site__gt=cursor).values_list("site_id", flat=True)[:TOGETHER]):
        yield pks
        cursor = pks[-1]


def _sums() -> dict[str, Aggregate]:
    sums: dict[str, Aggregate] = {}
    for name, (role, field) in ENERGIES.items():
        is_known = site_queries.has_role(role, path="sensor__") & Q(**{f"{field}__isnull": False})
        sums[f"sum_{name}"] = Sum(field, filter=is_known)
        sums[f"of_{name}"] = Count("home", filter=is_known, distinct=True)
    return sums
