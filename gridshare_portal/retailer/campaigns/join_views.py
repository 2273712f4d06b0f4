"""The public page of a campaign, which leads through sign-in and connecting to sharing."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.access import durations, policy, return_address
from gridshare_portal.access import models as access
from gridshare_portal.accounts import entry
from gridshare_portal.campaigns import brand as colors
from gridshare_portal.campaigns import funnel
from gridshare_portal.campaigns import models as campaigns
from gridshare_portal.lunar import queries as connections

GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, campaign: str) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(campaigns.Campaign.objects.select_related("organization"), slug=campaign)
    if found.has_ended(now=now):
        return render(request, "retailer/join_ended.html", {"campaign": found}, status=GONE)
    if request.method == "POST":
        return_address.remember(request.session, slug=found.slug, page="campaign", now=now)
        return redirect(_connect_url(found) if request.POST.get("by") == "lunar" else "account_login")
    homes = list(policy.current_sites(request.user).order_by("name", "pk"))
    is_connected = request.user.is_authenticated and (connections.connected_of(request.user).exists())
    if request.method == "GET" and not _works_there(request, found):
        _count(request, found, is_connected, now)
    context = {
        "campaign": found,
        "organization": found.organization,
        "is_control": found.right == access.Right.CONTROL,
        "lasts": durations.find(found.lasts).words,
        "homes": homes,
        "loading": is_connected and not homes,
        "site": homes[0] if len(homes) == 1 else None,
        "zone": UTC,
        "now": now,
    }
    return render(request, "retailer/join.html", context)


@require_safe
@cache_control(public=True, max_age=300)
def brand(request: HttpRequest, campaign: str) -> HttpResponse:
    color = get_object_or_404(campaigns.Campaign, slug=campaign).color
    return HttpResponse(colors.stylesheet(color), content_type="text/css; charset=utf-8")


def _count(request: HttpRequest, campaign: campaigns.Campaign, is_connected: bool, now: datetime) -> None:
    """Count the visit in the funnel, and prefill the share form with the campaign's terms."""
    week = funnel.count(request.session, campaign=campaign, step=funnel.OPENED, now=now)
    if is_connected:
        funnel.count(request.session, campaign=campaign, step=funnel.CONNECTED, now=now)
    terms = return_address.Suggested(
        right=campaign.right, lasts=campaign.lasts, campaign=campaign.slug, week=week
    )
    return_address.suggest(request.session, organization=campaign.organization.slug, terms=terms, now=now)


def _connect_url(campaign: campaigns.Campaign) -> str:
    """Return the path to connect Lunar; it names the scopes a campaign needs and ticks none of them."""
    query = "?for=changes" if campaign.right == access.Right.CONTROL else ""
    return reverse("lunar_connect") + query


def _works_there(request: HttpRequest, campaign: campaigns.Campaign) -> bool:
    return any(one.organization_id == campaign.organization_id for one in entry.memberships(request))
