"""The list of an organization's bulk runs, and how a new one is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.control.plans import forms as plan_forms
from gridshare_portal.files import lines as files_lines
from gridshare_portal.forms import Key
from gridshare_portal.portfolio.table import listing
from gridshare_portal.portfolio.table import query as homes_query
from gridshare_portal.portfolio.table.query import ListQuery
from gridshare_portal.retailer.runs import forms, prefill, words
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs import transitions
from gridshare_portal.runs.targets import selection, selectors, site_files

ON_A_PAGE = 50
UTC = ZoneInfo("UTC")
PLACES = {"name": "name", "canary": "canary", "stop_at_failure_pct": "stop_at_failure_pct", "sites": "choose"}
MISREAD = "This part of the filter is not understood: {}. Set the filter again in the homes table."


@entry.require_right(kind="retailer")
@require_safe
def list_of_runs(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Show the runs, the newest first."""
    before = Key().clean(request.GET.get("before"))
    known = run_queries.runs_of(request.organization).order_by("-pk")
    found = list((known.filter(pk__lt=before) if before is not None else known)[: ON_A_PAGE + 1])
    shown = found[:ON_A_PAGE]
    context = {
        "lines": [(run, words.state_of(run)) for run in shown],
        "following": shown[-1].pk if len(found) > ON_A_PAGE else None,
        "is_first": before is None,
        "may_run": rights.may(request.membership.role, rights.RUN),
        "now": timezone.now(),
    }
    return render(request, "retailer/runs.html", context)


@entry.require_right(rights.RUN, kind="retailer")
@require_http_methods(["GET", "HEAD", "POST"])
def run_new(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Ask what is to be done, when, and at which homes; what comes of it is a run that is checked first."""
    now = timezone.now()
    posted = request.POST if request.method == "POST" else None
    is_submitted = posted is not None and posted.get("do") != "add"
    zones = selectors.zones_of(request.organization)
    groups = selectors.groups_of(request.organization)
    first, first_rows = _first(request, zones[0] if zones else "UTC")
    form = forms.NewRun(posted, request.FILES or None, groups=groups, initial=first)
    rows = _rows(request, first_rows)
    if is_submitted:
        terms = _terms(form, rows, zones=zones, now=now)
        made = _made(request, form, terms, now) if terms is not None else None
        if made is not None:
            return redirect("retailer:run", slug, made.pk)
    is_refused = is_submitted and bool(form.errors or (rows.is_bound and rows.total_error_count()))
    asked = homes_query.read(request.GET)
    context = {
        "form": form,
        "rows": rows,
        "asked": asked,
        "filter_words": selectors.worded(asked, groups=groups),
        "misread": selectors.misread(request.GET, asked),
        "fitting": listing.count(request.organization, asked, now=now),
        "has_groups": bool(groups),
        "empty_row": plan_forms.empty_row(),
        "is_refused": is_refused,
    }
    return render(request, "retailer/run_new.html", context, status=422 if is_refused else 200)


def _first(request: entry.MemberRequest, zone: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return what the form and its rows begin with: the usual, or what another run asked for."""
    like = prefill.found(request.organization, request.GET.get("like", ""))
    if like is None:
        return {"zone": zone, "canary": 5, "stop_at_failure_pct": 10}, []
    return prefill.terms(like, selection.choice_of(like), zone=zone), prefill.rows(like, zone=zone)


def _rows(request: entry.MemberRequest, first: list[dict[str, object]]) -> plan_forms.CommandFormSet:
    """Return the rows as sent, with one more if that was asked for, or those that it begins with."""
    if request.method != "POST":
        return plan_forms.beginning(first)
    if request.POST.get("do") == "add":
        return plan_forms.one_more(request.POST)
    return plan_forms.RowSet(request.POST, prefix=plan_forms.PREFIX)


def _terms(
    form: forms.NewRun, rows: plan_forms.CommandFormSet, *, zones: list[str], now: datetime
) -> dict[str, Any] | None:
    """Return what is asked of the homes (kind, asked, times), or None after placing what is wrong with it."""
    good, known = form.is_valid(), form.cleaned_data
    if known.get("kind") == "mode":
        if rows.live():
            form.add_error("kind", forms.PLAN_TOO)
        mode = {"kind": "mode", "asked": {"mode": known.get("mode")}, "times": runs.Run.Times.ABSOLUTE}
        return mode if form.is_valid() else None
    if known.get("kind") != "plan" or not known.get("times") or not known.get("zone"):
        return None
    is_local, zone = known["times"] == "local", ZoneInfo(known["zone"])
    clocks = [ZoneInfo(name) for name in zones] or [UTC]
    if (
        not forms.check_rows(rows, now=now, zones=clocks if is_local else [zone], is_local=is_local)
        or not good
    ):
        return None
    asked = forms.kept_rows(rows.rows(), zone, is_local=is_local)
    return {"kind": "plan", "asked": asked, "times": known["times"]}


def _made(
    request: entry.MemberRequest, form: forms.NewRun, terms: dict[str, Any], now: datetime
) -> runs.Run | None:
    """Return the run that was asked for, or None after placing what stands in its way."""
    known = form.cleaned_data
    choice = _choice(request, form, now)
    if choice is None or form.errors:
        return None
    try:
        return selection.create_run(
            choice=choice,
            organization=request.organization,
            actor=request.user,
            name=known["name"],
            **terms,
            canary=known["canary"],
            stop_at_failure_pct=known["stop_at_failure_pct"],
            now=now,
        )
    except transitions.RunRefused as refusal:
        form.add_error(PLACES.get(refusal.field), refusal.reason)
        return None


def _choice(request: entry.MemberRequest, form: forms.NewRun, now: datetime) -> runs.TargetSelection | None:
    """Return how the homes are to be found; None after placing why there is nothing to look for."""
    known = form.cleaned_data
    if known["choose"] == "file":
        return _file(form)
    if known["choose"] == "group":
        return _filter(request, form, ListQuery(group=int(known["group"])), now)
    asked = homes_query.read(request.GET)
    wrong = selectors.misread(request.GET, asked)
    if wrong:
        form.add_error("choose", MISREAD.format(", ".join(wrong)))
    elif not asked.is_filtered and not known["every"]:
        form.add_error("choose", selectors.UNASKED)
    else:
        return _filter(request, form, asked, now)
    return None


def _filter(
    request: entry.MemberRequest, form: forms.NewRun, asked: ListQuery, now: datetime
) -> runs.TargetSelection | None:
    sentence = selectors.why_not(request.user, request.organization, asked, now=now)
    if sentence:
        form.add_error("choose", sentence)
    return None if sentence else runs.TargetSelection(way=form.cleaned_data["choose"], query=asked.filter)


def _file(form: forms.NewRun) -> runs.TargetSelection | None:
    """Look at the file as a whole, and keep it for the worker, who asks whose its ids are."""
    file = form.cleaned_data["file"]
    try:
        lines = site_files.look(file.chunks())
    except files_lines.FileRefused as refusal:
        form.add_error("file", str(refusal))
        return None
    packed = selection.packed(file.chunks())
    return runs.TargetSelection(
        way=runs.TargetSelection.Way.FILE, file_name=file.name[:80], lines=lines, packed=packed
    )
