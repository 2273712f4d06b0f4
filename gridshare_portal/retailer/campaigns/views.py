"""Campaigns for staff: the list, a new one, its link and QR code, and its funnel."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gridshare_portal.access import consents, durations
from gridshare_portal.accounts import entry, rights
from gridshare_portal.campaigns import brand, funnel, qr
from gridshare_portal.campaigns import lifecycle as actions
from gridshare_portal.campaigns import models as campaigns_models
from gridshare_portal.retailer.campaigns import forms

ON_A_PAGE = 50
MADE = "The campaign has its link now. Print it, or send it."
ENDED = "Ended. Its link leads on no more; what was shared stays shared."


@entry.require_right(kind="retailer")
@require_safe
def campaigns(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    known = actions.campaigns_of(request.organization)
    page = Paginator(known, ON_A_PAGE).get_page(request.GET.get("page"))
    lines = [(one, one.has_ended(now=now), durations.find(one.lasts).words) for one in page.object_list]
    context = {"page": page, "lines": lines, "may_make": _may_make(request), "zone": UTC, "now": now}
    return render(request, "retailer/campaigns.html", context)


@entry.require_right(rights.ASK, kind="retailer")
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    initial: dict[str, object] = {"color": actions.usual_color(request.organization)}
    initial |= {"right": "view", "lasts": "year"}
    form = forms.NewCampaign(data, initial=initial, today=now.astimezone(UTC).date())
    if form.is_valid() and (made := _made(request, form, now)) is not None:
        messages.success(request, MADE)
        return redirect("retailer:campaign", slug=slug, campaign=made.slug)
    context = {"form": form, "now": now}
    return render(request, "retailer/campaign_new.html", context, status=422 if form.errors else 200)


@entry.require_right(kind="retailer")
@require_safe
def campaign(request: entry.MemberRequest, slug: str, campaign: str) -> HttpResponse:
    now = timezone.now()
    found = _of(request, campaign)
    total, weeks = funnel.funnel_of(found)
    context = {
        "campaign": found,
        "has_ended": found.has_ended(now=now),
        "lasts": durations.find(found.lasts).words,
        "address": _address(found),
        "color": brand.sentence(found.color),
        "total": total,
        "weeks": weeks[: funnel.WEEKS_SHOWN],
        "smallest": settings.SMALLEST_GROUP,
        "may_end": _may_make(request),
        "zone": UTC,
        "now": now,
    }
    return render(request, "retailer/campaign.html", context)


@entry.require_right(kind="retailer")
@require_safe
def campaign_qr(request: entry.MemberRequest, slug: str, campaign: str) -> HttpResponse:
    found = _of(request, campaign)
    picture = qr.svg(_address(found), color=brand.ink(found.color))
    shown = f'inline; filename="{found.slug}.svg"'
    headers = {"Content-Disposition": shown, "Cache-Control": "no-store"}
    return HttpResponse(picture, content_type="image/svg+xml", headers=headers)


@entry.require_right(rights.ASK, kind="retailer")
@require_POST
def campaign_end(request: entry.MemberRequest, slug: str, campaign: str) -> HttpResponse:
    found = _of(request, campaign)
    if actions.end(campaign=found, actor=request.user, now=timezone.now()):
        messages.success(request, ENDED)
    else:
        messages.info(request, actions.OVER)
    return redirect("retailer:campaign", slug=slug, campaign=found.slug)


def _of(request: entry.MemberRequest, campaign: str) -> campaigns_models.Campaign:
    return get_object_or_404(actions.campaigns_of(request.organization), slug=campaign)


def _address(campaign: campaigns_models.Campaign) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('retailer:join', args=[campaign.slug])}"


def _may_make(request: entry.MemberRequest) -> bool:
    return rights.may(request.membership.role, rights.ASK)


def _made(
    request: entry.MemberRequest, form: forms.NewCampaign, now: datetime
) -> campaigns_models.Campaign | None:
    try:
        return actions.make(organization=request.organization, actor=request.user, now=now, **form.terms())
    except consents.ConsentRefused as refusal:
        form.refuse(refusal)
        return None
