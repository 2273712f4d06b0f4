"""The portfolio page: the aggregates over a retailer's homes, and their self-refreshing part."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import entry
from gridshare_portal.portfolio import disclosure as sums
from gridshare_portal.portfolio.models import Group


@entry.door(kind="retailer")
@require_safe
def portfolio(request: entry.MemberRequest, slug: str) -> HttpResponse:
    groups = Group.objects.filter(organization=request.organization)
    return render(request, "retailer/portfolio.html", {**_context(request), "groups": groups})


@entry.door(kind="retailer")
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
    group = None
    if said:
        if not (said.isascii() and said.isdigit() and len(said) < 19):
            raise Http404
        group = get_object_or_404(Group, organization=request.organization, pk=int(said))
    return {
        "group": group,
        "in_group": f"&group={group.pk}" if group else "",
        "sums": sums.disclosed(request.organization, group),
        "smallest": max(settings.SMALLEST_GROUP, 1),
        "now": timezone.now(),
    }
