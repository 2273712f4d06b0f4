"""The page of requests to homeowners; its response is the same whoever is addressed."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gridshare_portal.access import consents
from gridshare_portal.access import requests as access_requests
from gridshare_portal.accounts import entry, rights
from gridshare_portal.installer.requests import forms as shapes

ON_A_PAGE = 50
STATES = {  # a glyph, a style and a title; a declined request looks like one that is open or has expired
    "sent": ("wait", "", "Sent"),
    "shared": ("good", "good", "Shared"),
    "over": ("info", "", "Ended by itself"),
}
ASKED = "Asked. Whoever can be reached that way reads it and decides. You see it here when they share."


@entry.require_right(rights.ASK)
@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    form = shapes.Ask(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _send(request, form, now):
        messages.success(request, ASKED)
        return redirect("installer:requests", slug=slug)
    sent = access_requests.sent_by(request.organization)
    page = Paginator(sent, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "sent": [(one, STATES[access_requests.state_of(one, now=now)]) for one in page.object_list],
        "address": request.build_absolute_uri(reverse("homeowner:share_link", args=[slug])),
        "zone": UTC,
        "now": now,
    }
    return render(request, "installer/requests.html", context, status=422 if form.errors else 200)


def _send(request: entry.MemberRequest, form: shapes.Ask, now: datetime) -> bool:
    try:
        access_requests.ask(organization=request.organization, asked_by=request.user, now=now, **form.terms())
    except consents.ConsentRefused as refusal:
        form.refuse(refusal)
        return False
    except access_requests.RequestNotPermitted as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return True
