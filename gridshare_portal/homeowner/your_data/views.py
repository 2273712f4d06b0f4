"""What is kept and for how long, for everybody to read; and all of one's own, to take away."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry
from gridshare_portal.accounts.signing_in import proof
from gridshare_portal.audit import names, record
from gridshare_portal.files import archives, responses
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.your_data import archive
from gridshare_portal.retention import rules


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Say what is kept, how long and why, from the table that the sweep goes by."""
    classes = [(data_class, rules.of_class(data_class)) for data_class in rules.DataClass]
    named = {name: rules.BY_NAME[name] for name in ("home", "event", "run")}
    unshared = rules.BY_NAME["case of an unshared home"]
    return render(request, "homeowner/kept.html", {"classes": classes, "unshared": unshared, **named})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proof.required
def take_away(request: entry.SignedInRequest) -> HttpResponseBase:
    """Say what the archive holds; send it, made while it is sent, to whoever asks for it."""
    now, homes = timezone.now(), policy.own_sites(request.user)
    if request.method == "POST":
        details, name = {"homes": homes.count()}, names.Name.ACCOUNT_EXPORTED
        record.add(name=name, at=now, actor=request.user, subject=request.user, details=details)
        content = archives.zipped(archive.members(request.user, now=now))
        return responses.download(content, name=archive.file_name(now), content_type=archives.ZIP)
    context = {"homes": homes.order_by("name", "pk"), **viewer.place(homes[:2], now=now)}
    return render(request, "homeowner/take_away.html", context)
