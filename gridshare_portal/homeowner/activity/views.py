"""A home's activity feed, and its access log as a page and as a file."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gridshare_portal.files import responses
from gridshare_portal.homeowner import addresses, entry_points, viewer
from gridshare_portal.homeowner.activity import access_log as logs
from gridshare_portal.homeowner.activity import feed

ACTIVITY_ON_A_PAGE, LOG_ON_A_PAGE = 20, 50


@entry_points.page(staff="activity")
@require_safe
def activity(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    entries = feed.Feed(site, reader=entry_points.reader(request), now=now)
    page = addresses.page(request, entries, size=ACTIVITY_ON_A_PAGE)
    context = {**viewer.of_home(site, now=now), "page": page}
    return render(request, "homeowner/activity.html", context)


@entry_points.page(staff=None)
@never_cache
@require_safe
def access_log(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    log = logs.Log(site, user=request.user, asked=request.GET, now=now)
    page = addresses.page(request, log, size=LOG_ON_A_PAGE)
    context = {**viewer.of_home(site, now=now), "log": log, "page": page}
    return render(request, "homeowner/access_log.html", context)


@entry_points.download(staff=None)
@require_safe
def access_log_csv(request: entry_points.HomeRequest, synth_id: str) -> HttpResponseBase:
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    log = logs.Log(site, user=request.user, asked=request.GET, now=now)
    name = f"{slugify(site.name)[:40] or 'home'}_who-looked.csv"
    return responses.csv(log.rows(), name=name)
