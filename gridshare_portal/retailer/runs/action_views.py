"""What can be done with a bulk run: start, start later, pause, go on, stop, try again, take back.

An action that came too late, because somebody else was faster, is said on the page and does nothing twice.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Protocol

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from gridshare_portal.accounts import entry, rights
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.signing_in import proof
from gridshare_portal.retailer.runs import detail_views as pages
from gridshare_portal.retailer.runs import forms
from gridshare_portal.retailer.runs.words import R, S
from gridshare_portal.runs import lifecycle, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries


class Action(Protocol):
    """What is done with a run by somebody at a moment."""

    def __call__(self, *, run: runs.Run, actor: accounts.User, now: datetime) -> object: ...


ACTIONS: dict[str, tuple[Action, str]] = {
    "check": (lifecycle.check_again, "Every home is checked once more."),
    "pause": (lifecycle.pause, "Paused. Homes that were on their way come to their end."),
    "resume": (lifecycle.resume, "The run goes on."),
    "stop": (
        lifecycle.stop,
        "Stopped. Homes that were on their way come to their end; the others are left alone.",
    ),
    "retry": (
        lifecycle.retry_failed,
        "The homes where nothing was sent have another turn. No other home is sent anything.",
    ),
}


@entry.require_right(rights.RUN, kind="retailer")
@require_POST
@proof.required
def run_start(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    """Start a run that was checked, after the number of its homes was typed."""
    found = pages.run_of(request, pk)
    form = forms.Start(request.POST, ready=_ready(found))
    if found.state == R.CHECKED and not form.is_valid():
        return pages.page(request, found, start=form, status=422)
    return _done(request, found, lifecycle.start, "Started. It goes on when you leave this page.")


@entry.require_right(rights.RUN, kind="retailer")
@require_POST
@proof.required
def run_schedule(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    """Have a checked run start by itself later; or no longer."""
    found, now = pages.run_of(request, pk), timezone.now()
    if request.POST.get("do") == "unschedule":
        return _done(
            request, found, partial(lifecycle.schedule, start_at=None), "It no longer starts by itself."
        )
    form = forms.Schedule(request.POST, ready=_ready(found), now=now)
    if found.state == R.CHECKED and not form.is_valid():
        return pages.page(request, found, schedule=form, status=422)
    at = form.cleaned_data["at"] if form.is_valid() else now
    said = "It starts by itself, and every home is asked for again at its turn."
    return _done(request, found, partial(lifecycle.schedule, start_at=at), said)


@entry.require_right(rights.RUN, kind="retailer")
@require_POST
def run_action(request: entry.MemberRequest, slug: str, pk: int, action: str) -> HttpResponse:
    """Do what needs no form: one of ACTIONS, as the URL names it."""
    return _done(request, pages.run_of(request, pk), *ACTIONS[action])


@entry.require_right(rights.RUN, kind="retailer")
@require_POST
def run_cancel(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    """Draft the run that puts back what was there before."""
    found = pages.run_of(request, pk)
    try:
        undoing = lifecycle.cancel(run=found, actor=request.user, now=timezone.now())
    except transitions.RunRefused as refusal:
        return _refused(request, found, refusal)
    messages.info(request, "This run puts the earlier plans back. Nothing is sent before you start it.")
    return redirect("retailer:run", slug, undoing.pk)


def _ready(found: runs.Run) -> int:
    return run_queries.line_counts(found).states.get(S.WAITING, 0)


def _done(request: entry.MemberRequest, found: runs.Run, action: Action, said: str) -> HttpResponse:
    """Do it, and say what came of it."""
    try:
        action(run=found, actor=request.user, now=timezone.now())
    except transitions.RunRefused as refusal:
        return _refused(request, found, refusal)
    messages.success(request, said)
    return redirect("retailer:run", request.organization.slug, found.pk)


def _refused(request: entry.MemberRequest, found: runs.Run, refusal: transitions.RunRefused) -> HttpResponse:
    messages.warning(request, refusal.reason)
    return pages.page(request, pages.run_of(request, found.pk), status=422)
