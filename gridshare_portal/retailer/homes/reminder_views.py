"""Homes whose connection to Lunar has ended, and the reminder e-mail to their homeowners."""

from __future__ import annotations

from datetime import UTC

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry, rights
from gridshare_portal.forms import After
from gridshare_portal.portfolio import reminders

FURTHEST = 2**63 - 1
ASKED = "Asked. The homeowner gets a letter with the link, unless one came within a week."


@entry.require_right(kind="retailer")
@require_safe
def reconnect(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    after = After(request.GET).cleaned_data["after"] or 0
    lines, following = reminders.page(request.user, request.organization, after=after, now=now)
    context = {
        "lines": lines,
        "following": following,
        "is_first": not after,
        "may_ask": rights.may(request.membership.role, rights.ASK),
        "zone": UTC,
        "now": now,
    }
    return render(request, "retailer/reconnect.html", context)


@entry.require_right(rights.ASK, kind="retailer")
@require_POST
def reconnect_ask(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    now = timezone.now()
    shared = policy.shared_sites(request.user, now=now, organization=request.organization)
    site = get_object_or_404(shared, pk=min(pk, FURTHEST))
    try:
        reminders.ask(organization=request.organization, asked_by=request.user, site=site, now=now)
    except reminders.ReminderRefused as refusal:
        messages.warning(request, str(refusal))
    except reminders.ReminderNotPermitted as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    else:
        messages.success(request, ASKED)
    return redirect("retailer:reconnect", slug=slug)
