"""The overlay plan of a battery: on a time line, by quick start, row by row, and cancelled."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gridshare_portal.control import operations
from gridshare_portal.control import state as states
from gridshare_portal.control.plans import forms as plan_forms
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types
from gridshare_portal.homeowner import entry_points, forms, viewer
from gridshare_portal.homeowner.control import current_state, modes, quick_start, receipts, submit, timeline
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import clients
from gridshare_portal.sites import models as sites

NO_ROW = "Fill in at least one row, or cancel the plan."


@entry_points.page(staff="plan")
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Show the plan and take another, in one of the ways it can be written."""
    now = timezone.now()
    device, site = entry_points.device(request, synth_id, now=now)
    form = forms.Plan(forms.posted(request), staff=request.looking is not None)
    current = states.plan_of(states.last_read(device))
    rows = plan_forms.rows_for(current or rules.NO_PLAN, zone=site.zone, now=now)
    quick = quick_start.Quick()
    if request.method == "POST":
        rows, quick, asked = _asked(request, device, site.zone, rows, now)
        if asked is not None and form.is_valid():
            plan_asked = operations.AskPlan(plan=asked)
            made = submit.make(request, device=device, asked=plan_asked, form=form, now=now)
            if made:
                return submit.led_to(made)
    context = _context(request, device, site, current, now) | {"form": form, "rows": rows, "quick": quick}
    refused = form.errors or quick.errors or (rows.is_bound and rows.total_error_count())
    return render(request, "homeowner/plan.html", context, status=422 if refused else 200)


def _asked(
    request: entry_points.HomeRequest,
    device: sites.Device,
    zone: ZoneInfo,
    rows: plan_forms.CommandFormSet,
    now: datetime,
) -> tuple[plan_forms.CommandFormSet, quick_start.Quick, types.Plan | None]:
    """Return the forms as sent, and the plan that they ask for, or None while there is none."""
    action = request.POST.get("do", "save")
    if action == "cancel":
        return rows, quick_start.Quick(), rules.NO_PLAN
    if "quick" in request.POST:
        quick = quick_start.Quick(request.POST)
        return rows, quick, quick.plan(device=device, now=now, zone=zone)
    if action == "add":
        return plan_forms.one_more(request.POST), quick_start.Quick(), None
    rows = plan_forms.RowSet(request.POST, prefix=plan_forms.PREFIX)
    good = rows.check(now=now, zones=[zone], limit_w=device.power_limit_w, empty=NO_ROW)
    return rows, quick_start.Quick(), rules.plan_of(rows.rows(), zone=zone) if good else None


def _context(
    request: entry_points.HomeRequest,
    device: sites.Device,
    site: sites.Site,
    current: types.Plan | None,
    now: datetime,
) -> dict[str, object]:
    stored = states.last_read(device)
    coming = [command for command in current.commands if command.end > now] if current else []
    mode = modes.explained(stored.mode).name
    return {
        **viewer.of_home(site, now=now),
        "device": device,
        "title": presenter.title(device),
        "known": current is not None,
        "unread": receipts.unread(current) if current is not None and current.unusable else "",
        "read_at": stored.plan_read_at,
        "coming": [(one, receipts.command_worded(one, zone=site.zone, now=now)) for one in coming],
        "sentence": current_state.plan_sentence(current, mode=mode, site=site, now=now),
        "line": timeline.draw(coming, now=now, zone=site.zone),
        "seen": rules.fingerprint(current) if current is not None else "",
        "usual": quick_start.usual(now=now, zone=site.zone),
        "empty_row": plan_forms.empty_row(),
        **_service(device),
        **submit.right(request, device, scopes.PLAN_WRITE, now=now),
    }


def _service(device: sites.Device) -> dict[str, object]:
    """Return what the service cannot say, so that the page does not offer it or says what it does instead."""
    words = clients.plan_words()
    return {
        "may_follow": "follow" in words.actions,
        "holds_in_gaps": words.holds_in_gaps,
        "asks_discharge_power": "discharge" in words.need_power and device.power_limit_w is None,
    }
