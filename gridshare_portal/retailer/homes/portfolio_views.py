"""The portfolio page: the aggregates over a retailer's homes, and their self-refreshing part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import entry
from gridshare_portal.forms import Key
from gridshare_portal.portfolio import disclosure as sums
from gridshare_portal.portfolio.models import Group
from gridshare_portal.templatetags import energy


@dataclass(frozen=True)
class FlowRow:
    """A sum on the page: its source, its icon, its name, and the figure it shows."""

    source: str
    icon: str
    name: str
    figure: str

    def as_words(
        self, figures: Mapping[str, sums.Figure], worded: Callable[[float | None], str]
    ) -> dict[str, object]:
        """Return the row with its figure and the words for it."""
        figure = figures[self.figure]
        return {**asdict(self), "figure": figure, "words": worded(figure.value)}


POWERS = (
    FlowRow("solar", "solar", "Solar", "solar_w"),
    FlowRow("battery", "charge", "Batteries charging", "charging_w"),
    FlowRow("battery", "discharge", "Batteries discharging", "discharging_w"),
    FlowRow("grid", "grid", "From the grid", "from_grid_w"),
    FlowRow("grid", "grid", "To the grid", "to_grid_w"),
)
ENERGIES = (
    FlowRow("solar", "solar", "Solar", "solar_wh"),
    FlowRow("battery", "charge", "Into batteries", "charged_wh"),
    FlowRow("battery", "discharge", "Out of batteries", "discharged_wh"),
    FlowRow("grid", "grid", "From the grid", "from_grid_wh"),
    FlowRow("grid", "grid", "To the grid", "to_grid_wh"),
)


@entry.require_right(kind="retailer")
@require_safe
def portfolio(request: entry.MemberRequest, slug: str) -> HttpResponse:
    groups = Group.objects.filter(organization=request.organization)
    return render(request, "retailer/portfolio.html", {**_context(request), "groups": groups})


@entry.require_right(kind="retailer")
@require_safe
def now(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Render the aggregates alone; 304 if unchanged."""
    page = render(request, "retailer/_portfolio.html", _context(request))
    mark = f'W/"{hashlib.blake2b(page.content, digest_size=12).hexdigest()}"'
    page["ETag"] = mark
    page["Cache-Control"] = "private, no-cache"
    patch_vary_headers(page, ["Cookie"])
    return get_conditional_response(request, etag=mark, response=page) or page


def _context(request: entry.MemberRequest) -> dict[str, object]:
    said = request.GET.get("group", "")
    known = Group.objects.filter(organization=request.organization)
    group = get_object_or_404(known, pk=Key().clean(said)) if said else None
    found = sums.disclosed(request.organization, group)
    figures = found.figures if found else {}
    return {
        "group": group,
        "in_group": f"&group={group.pk}" if group else "",
        "sums": found,
        "powers": [row.as_words(figures, energy.power) for row in POWERS if figures],
        "energies": [row.as_words(figures, energy.energy) for row in ENERGIES if figures],
        "smallest": max(settings.SMALLEST_GROUP, 1),
        "now": timezone.now(),
    }
