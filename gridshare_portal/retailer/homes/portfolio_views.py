"""The portfolio page: the aggregates over a retailer's homes, and their self-refreshing part."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import entry
from gridshare_portal.forms import Key
from gridshare_portal.portfolio import disclosure as sums
from gridshare_portal.portfolio.models import Group
from gridshare_portal.templatetags import energy

POWERS = (  # of each sum on the page its source, its icon, its name, and the figure it shows
    ("solar", "solar", "Solar", "solar_w"),
    ("battery", "charge", "Batteries charging", "charging_w"),
    ("battery", "discharge", "Batteries discharging", "discharging_w"),
    ("grid", "grid", "From the grid", "from_grid_w"),
    ("grid", "grid", "To the grid", "to_grid_w"),
)
ENERGIES = (
    ("solar", "solar", "Solar", "solar_wh"),
    ("battery", "charge", "Into batteries", "charged_wh"),
    ("battery", "discharge", "Out of batteries", "discharged_wh"),
    ("grid", "grid", "From the grid", "from_grid_wh"),
    ("grid", "grid", "To the grid", "to_grid_wh"),
)


@entry.require_right(kind="retailer")
@require_safe
def portfolio(request: entry.MemberRequest, slug: str) -> HttpResponse:
    groups = Group.objects.filter(organization=request.organization)
    return render(request, "retailer/portfolio.html", {**_context(request), "groups": groups})


@entry.require_right(kind="retailer")
@require_safe
def now(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Render the aggregates alone; no browser keeps them."""
    return render(request, "retailer/_portfolio.html", _context(request))


def _context(request: entry.MemberRequest) -> dict[str, object]:
    said = request.GET.get("group", "")
    known = Group.objects.filter(organization=request.organization)
    group = get_object_or_404(known, pk=Key().clean(said)) if said else None
    found = sums.disclosed(request.organization, group)
    return {
        "group": group,
        "in_group": f"&group={group.pk}" if group else "",
        "sums": found,
        "powers": _rows(found, POWERS, energy.power),
        "energies": _rows(found, ENERGIES, energy.energy),
        "smallest": max(settings.SMALLEST_GROUP, 1),
        "now": timezone.now(),
    }


def _rows(
    found: sums.Portfolio | None,
    rows: Iterable[tuple[str, str, str, str]],
    worded: Callable[[float | None], str],
) -> list[tuple[str, str, str, sums.Figure, str]]:
    """Return the rows of a table with the figure and the words for it instead of its name."""
    figures = found.figures if found else {}
    return [
        (source, icon, name, figures[key], worded(figures[key].value))
        for source, icon, name, key in rows
        if figures
    ]
