"""The page of an organization's request for access, and the homeowner's answer."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gridshare_portal.access import consents, models, policy
from gridshare_portal.access import requests as access_requests
from gridshare_portal.accounts import entry
from gridshare_portal.accounts.signing_in import proof
from gridshare_portal.homeowner import forms, viewer
from gridshare_portal.homeowner.sharing import forms as sharing_forms
from gridshare_portal.homeowner.sharing import words
from gridshare_portal.sites import models as sites

SHARED = "Shared with {organization}. Whatever they look at, you can read."
DECLINED = "Not shared. {organization} is not told that you read it."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proof.required
def answer(request: entry.SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    waiting = access_requests.waiting_for(request.user, now=now).select_related("organization", "asked_by")
    one = get_object_or_404(waiting, pk=pk)
    if request.method == "POST" and request.POST.get("answer") == "decline":
        return _declined(request, one, now)
    homes = policy.current_sites(request.user).order_by("name", "pk")
    initial = {"right": one.right, "lasts": one.lasts}
    form = sharing_forms.RequestAnswer(forms.posted(request), homes=homes, initial=initial)
    if request.method == "POST" and form.is_valid() and _shared(request, one, form, now):
        return redirect("homeowner:sharing")
    own = list(homes)
    context = {
        "asked": one,
        "organization": one.organization,
        "kind": words.KINDS.get(one.organization.kind, ""),
        "form": form,
        "homes": own,
        "chosen": _chosen(form, own),
        **viewer.place(own, now=now),
    }
    return render(request, "homeowner/request.html", context, status=422 if form.errors else 200)


def _shared(
    request: entry.SignedInRequest, one: models.Request, form: sharing_forms.RequestAnswer, now: datetime
) -> bool:
    homes, terms = list(form.cleaned_data["homes"]), form.terms()
    try:
        access_requests.share(request=one, by=request.user, homes=homes, now=now, **terms)
    except consents.ConsentRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else "homes", str(refusal))
        return False
    except access_requests.Over as over:
        messages.info(request, str(over))
    else:
        messages.success(request, SHARED.format(organization=one.organization))
        if words.lacks_changes(request.user, homes, right=terms["right"]):
            messages.warning(request, words.LACKING.format(one.organization))
    return True


def _declined(request: entry.SignedInRequest, one: models.Request, now: datetime) -> HttpResponse:
    try:
        access_requests.decline(request=one, by=request.user, now=now)
    except access_requests.Over as over:
        messages.info(request, str(over))
    else:
        messages.success(request, DECLINED.format(organization=one.organization))
    return redirect("homeowner:sharing")


def _chosen(form: sharing_forms.RequestAnswer, own: list[sites.Site]) -> list[str]:
    if form.is_bound:
        return form.data.getlist("homes")
    return [own[0].synth_id] if len(own) == 1 else []
