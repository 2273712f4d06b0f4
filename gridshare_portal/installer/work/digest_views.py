"""A member's choice of the daily e-mail and its time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gridshare_portal.accounts import entry
from gridshare_portal.cases import digest as digests
from gridshare_portal.installer.work import forms


@entry.door()
@require_http_methods(["GET", "HEAD", "POST"])
def digest(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    chosen = digests.digest_of(request.membership, now=now)
    known = {"is_on": chosen.is_on, "time_zone": chosen.time_zone}
    form = forms.Digest(request.POST if request.method == "POST" else None, initial=known)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "digest": chosen, "zone": ZoneInfo(chosen.time_zone), "now": now}
        return render(request, "installer/digest.html", context, status=422 if form.errors else 200)
    digests.choose(membership=request.membership, now=now, **form.cleaned_data)
    on = form.cleaned_data["is_on"]
    messages.success(request, "The letter comes every morning." if on else "No more letters.")
    return redirect("installer:digest", slug=request.organization.slug)
