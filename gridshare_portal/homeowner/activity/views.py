"""The page of a home's activity feed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridshare_portal.homeowner import addresses, entry_points
from gridshare_portal.homeowner.activity import feed

ON_A_PAGE = 20


@entry_points.page(staff="activity")
@require_safe
def activity(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    page = addresses.page(
        request, feed.Feed(site, reader=entry_points.reader(request), now=now), size=ON_A_PAGE
    )
    context = {"site": site, "page": page, "zone": site.zone, "now": now}
    return render(request, "homeowner/activity.html", context)
