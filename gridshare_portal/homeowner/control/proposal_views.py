"""What staff propose: the list of a home, and one proposal with what it changes, to approve or decline."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.control import changes, operations, permission, queries, quota
from gridshare_portal.control import models as control
from gridshare_portal.control.proposals import lifecycle as proposals_lifecycle
from gridshare_portal.homeowner import addresses, entry_points, viewer
from gridshare_portal.homeowner.control import proposal_words, submit

ON_A_PAGE = 20
DECLINED = "Declined. Nothing was changed."
WITHDRAWN = "Withdrawn. The homeowner can no longer approve it."
NO_SUCH_ANSWER = "Choose what to do with this proposal. Nothing was changed."


@entry_points.page(staff="proposals")
@require_safe
def proposals(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """List what was proposed for a home, the newest first; staff see what their organization proposed."""
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    reader = entry_points.reader(request)
    rows = queries.proposals_in([site], now=now)
    if reader.is_staff:
        rows = rows.filter(consent__organization=reader.organization_id)
    page = addresses.page(request, rows, size=ON_A_PAGE)
    offers = [proposal_words.worded(row, reader=reader, now=now) for row in page]
    context = {**viewer.of_home(site, now=now), "page": page, "offers": offers}
    return render(request, "homeowner/proposals.html", context)


@entry_points.page(staff="proposal")
@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: entry_points.HomeRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what is proposed and what it would change, and take the answer."""
    now = timezone.now()
    found = entry_points.proposal(request, pk, now=now)
    refusal = ""
    if request.method == "POST":
        try:
            return _answered(request, found, now)
        except permission.ChangeNotPermitted as denied:
            raise PermissionDenied(denied.reason) from denied
        except quota.TooOften as often:
            refusal = submit.refused(request, often, device=found.device, now=now)
        except (proposals_lifecycle.Over, proposals_lifecycle.Unfit, changes.Busy) as refused:
            refusal = refused.reason
            found = entry_points.proposal(request, pk, now=now)
    return _shown(request, found, refusal, now)


def _answered(request: entry_points.HomeRequest, found: control.Proposal, now: datetime) -> HttpResponse:
    answer = request.POST.getlist("do")
    if answer == ["approve"]:
        change = proposals_lifecycle.approve(proposal=found, actor=request.user, now=now)
        return redirect("homeowner:change", pk=change.pk)
    if answer == ["decline"]:
        proposals_lifecycle.decline(proposal=found, actor=request.user, now=now)
        messages.success(request, DECLINED)
        return redirect("homeowner:proposals", synth_id=found.site.synth_id)
    if answer == ["withdraw"]:
        proposals_lifecycle.withdraw(proposal=found, actor=request.user, now=now)
        messages.success(request, WITHDRAWN)
        return redirect("homeowner:proposal", pk=found.pk)
    raise proposals_lifecycle.Unfit(NO_SUCH_ANSWER)


def _shown(
    request: entry_points.HomeRequest, found: control.Proposal, refusal: str, now: datetime
) -> HttpResponse:
    reader = entry_points.reader(request)
    offer = proposal_words.worded(found, reader=reader, now=now)
    fault = proposals_lifecycle.fault_of(found, now=now) if offer.is_open else ""
    scope = operations.from_json(found.kind, found.asked).scope
    context = {
        **viewer.of_home(found.site, now=now),
        "offer": offer,
        "before": proposal_words.before(found, now=now),
        "refusal": refusal or fault,
        "fits": not fault,
        "is_staff": reader.is_staff,
        **submit.right(request, found.device, scope, now=now),
    }
    return render(request, "homeowner/proposal.html", context, status=422 if refusal else 200)
