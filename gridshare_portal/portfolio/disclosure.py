"""What pages may show of a portfolio's aggregates: nothing about fewer homes than settings.SMALLEST_GROUP.

A figure is also hidden where one about too few homes would follow by subtraction: from the figure of all
homes, or of a group that contains this one. The only reader of HomesAggregate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import Group, HomesAggregate
from gridshare_portal.portfolio.projection.aggregates import AGES, SUMMED, Figures

STEPS = ("shared", "holding", "connected", "telling")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A sum (W or Wh, as its name says) and over how many homes; None if hidden or not known."""

    value: float | None
    homes: int
    is_hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Week:
    """One week of the funnel, in homes: asked, STEPS, ended; None where a count is, or reveals, too few."""

    begins: date
    counts: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """What may be shown of all homes or of a group, as of `made_at` (UTC)."""

    made_at: datetime
    homes: int
    is_too_few: bool
    figures: Mapping[str, Figure]
    charge_pct: float | None
    ages: Mapping[str, int]
    has: Mapping[str, int]
    without_charge: int
    ended: int
    controllable: int
    ask_first: int
    day: date
    weeks: Sequence[Week]


def disclosed(organization: accounts.Organization, group: Group | None = None) -> Portfolio | None:
    """Return what may be shown of an organization's homes or of a group, in one query; None before the
    first aggregation.
    """
    kept = {row.group_id: row for row in HomesAggregate.objects.filter(organization=organization)}
    row = kept.get(group.pk if group else None)
    if row is None:
        return None
    around = [kept[None], *(kept[pk] for pk in row.figures.get("inside", ()) if pk in kept)] if group else []
    return _portfolio(row, [one.figures for one in around])


def is_enough(homes: int, around: Iterable[int] = ()) -> bool:
    """Return whether a figure about so many homes may stand beside figures about more: also the difference
    must be enough homes, or none.
    """
    smallest = max(settings.SMALLEST_GROUP, 1)
    return homes >= smallest and all(not 0 < more - homes < smallest for more in around)


def figure(value: float | None, *, homes: int, around: Iterable[int] = ()) -> Figure:
    """Return a sum over so many homes as it may be shown beside sums over `around` homes each."""
    if not homes:
        return Figure(value=None, homes=0)
    is_hidden = not is_enough(homes, around)
    return Figure(value=None if is_hidden else value, homes=homes, is_hidden=is_hidden)


def veiled(counts: Sequence[int]) -> list[int | None]:
    """Return the funnel's steps, None where a step, or what left it since the last one shown, is too few."""
    found: list[int | None] = []
    last: int | None = None
    for count in counts:
        around = [] if last is None else [last]
        is_none = count == 0 and (not last or is_enough(last))  # nobody came, or all left
        shown = is_none or is_enough(count, around)
        found.append(count if shown else None)
        last = count if shown else last
    return found


def _portfolio(row: HomesAggregate, around: Sequence[Figures]) -> Portfolio:
    kept = row.figures
    figures = {
        name: figure(
            kept[f"sum_{name}"], homes=kept[f"of_{name}"], around=[one[f"of_{name}"] for one in around]
        )
        for name in SUMMED
    }
    stored, full_wh = figures["stored_wh"], kept["full_wh"]
    return Portfolio(
        made_at=row.made_at,
        homes=row.homes,
        is_too_few=not is_enough(row.homes, [one["homes"] for one in around]),
        figures=figures,
        charge_pct=stored.value / full_wh * 100 if stored.value is not None and full_wh else None,
        ages={name: kept[f"age_{name}"] for name in AGES},
        has={name: kept[f"has_{name}"] for name in ("solar", "battery", "ev")},
        without_charge=kept["has_battery"] - kept["of_stored_wh"],
        **{name: kept[name] for name in ("ended", "controllable", "ask_first")},
        day=date.fromisoformat(kept["day"]),
        weeks=[_week(one) for one in kept.get("weeks", ())],
    )


def _week(kept: Figures) -> Week:
    asked, ended = (veiled([kept[name]])[0] for name in ("asked", "ended"))
    steps = veiled([kept[step] for step in STEPS])
    return Week(begins=date.fromisoformat(kept["begins"]), counts=(asked, *steps, ended))
