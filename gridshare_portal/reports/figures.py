"""The content of a portfolio report: homes, energy by day, sharing by week, bulk runs.

Nothing is said about fewer homes than the smallest group; a run's counts are of homes that staff chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio import disclosure
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.projection import daily_sums
from gridshare_portal.portfolio.projection.row_builder import ENERGIES
from gridshare_portal.reports.periods import Period
from gridshare_portal.runs import models as runs_models
from gridshare_portal.runs import queries as run_queries

RUNS = 50
S = runs_models.Line.State
OUTCOMES = {
    "confirmed": (S.CONFIRMED,),
    "unconfirmed": (S.UNCONFIRMED,),
    "failed": run_queries.FAILURES,
    "skipped": (S.SKIPPED,),
}


@dataclass(frozen=True, kw_only=True)
class DayFigures:
    """The energy of one UTC day in Wh, in the order of ENERGIES; `is_known` once it was counted."""

    day: date
    figures: tuple[disclosure.Figure, ...]
    is_known: bool


class ChangedLater(NamedTuple):
    """On how many days Lunar changed readings later, and of how many homes at most; days of few not told."""

    days: int
    homes: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """The content, the same in the e-mail, on the page and in the file."""

    organization: accounts.Organization
    period: Period
    sums: disclosure.Portfolio | None
    days: Sequence[DayFigures]
    total: Sequence[disclosure.Figure]
    weeks: Sequence[disclosure.Week]
    runs: Sequence[Mapping[str, Any]]
    changed: ChangedLater


def report_of(organization: accounts.Organization, period: Period) -> Report:
    """Return the report of a period; the same few queries for any portfolio."""
    rows = portfolio.PortfolioDay.objects.filter(organization=organization)
    kept = dict(rows.filter(day__range=(period.first, period.last)).values_list("day", "figures"))
    days = [_day(day, kept.get(day)) for day in period.days]
    sums = disclosure.disclosed(organization)
    first = period.first - timedelta(days=6)  # a week that begins then touches the period
    weeks = [one for one in sums.weeks if first <= one.begins <= period.last] if sums else []
    return Report(
        organization=organization,
        period=period,
        sums=sums,
        days=days,
        total=[_total([day.figures[number] for day in days]) for number in range(len(ENERGIES))],
        weeks=weeks,
        runs=_runs(organization, period),
        changed=_changed(kept.values()),
    )


def _day(day: date, kept: Mapping[str, Mapping[str, float]] | None) -> DayFigures:
    sums = [(kept or {}).get(name, {"wh": 0.0, "homes": 0}) for name in ENERGIES]
    figures = tuple(disclosure.figure(one["wh"], homes=int(one["homes"])) for one in sums)
    return DayFigures(day=day, figures=figures, is_known=kept is not None)


def _total(days: Sequence[disclosure.Figure]) -> disclosure.Figure:
    """Add up what is shown of the days, so that nothing hidden follows from the total."""
    shown = [(one.value, one.homes) for one in days if one.value is not None]
    homes = max((homes for _value, homes in shown), default=0)
    return disclosure.Figure(value=sum(value for value, _homes in shown) if shown else None, homes=homes)


def _changed(days: Iterable[Mapping[str, Mapping[str, float]]]) -> ChangedLater:
    homes = [int(figures.get(daily_sums.CHANGED, {"homes": 0})["homes"]) for figures in days]
    told = [count for count in homes if count and disclosure.is_enough(count)]
    return ChangedLater(days=len(told), homes=max(told, default=0))


def _runs(organization: accounts.Organization, period: Period) -> list[dict[str, Any]]:
    """Return the bulk runs that began in the period: name, started_at, state, homes, and these by outcome."""
    began = run_queries.runs_of(organization).filter(started_at__gte=period.start, started_at__lt=period.end)
    counts = {name: Count("lines", filter=Q(lines__state__in=states)) for name, states in OUTCOMES.items()}
    runs = began.annotate(**counts).order_by("started_at", "pk")
    known = runs.values("name", "started_at", "state", "homes", *counts)[:RUNS]
    return [{**run, "state": runs_models.Run.State(run["state"]).label} for run in known]
