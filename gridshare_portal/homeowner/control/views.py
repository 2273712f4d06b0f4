"""Modes, details and receipts: what a device follows now, a form to change it, and what came of it."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.control import models as control_models
from gridshare_portal.control import operations, queries
from gridshare_portal.control import state as states
from gridshare_portal.homeowner import entry_points, forms, viewer
from gridshare_portal.homeowner.control import current_state, modes, proposal_words, receipts, submit
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.lunar import scopes


@entry_points.page(staff="control")
@require_safe
def control(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Show mode and plan of each device that can be controlled, and the last changes."""
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    reader = entry_points.reader(request)
    last = queries.changes_in([site])[:3]
    context = {
        **viewer.of_home(site, now=now),
        "controls": current_state.states_of(site, reader=reader, now=now),
        "receipts": [receipts.receipt_of(one, reader=reader, zone=site.zone, now=now) for one in last],
        "offers": proposal_words.latest(site, reader=reader, now=now),
    }
    return render(request, "homeowner/control.html", context)


@entry_points.page(staff="mode")
@require_http_methods(["GET", "HEAD", "POST"])
def mode(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Explain the modes, show the one in force, and ask for another."""
    now = timezone.now()
    device, site = entry_points.device(request, synth_id, now=now)
    form = forms.ModeChange(forms.posted(request), staff=request.looking is not None)
    if request.method == "POST" and form.is_valid():
        asked = operations.AskMode(mode=form.cleaned_data["mode"])
        made = submit.make(request, device=device, asked=asked, form=form, now=now)
        if made:
            return submit.led_to(made)
    context = {
        "site": site,
        "device": device,
        "title": presenter.title(device),
        "form": form,
        "modes": modes.MODES,
        "control": current_state.of_device(device, site, reader=entry_points.reader(request), now=now),
        "now": now,
        **submit.right(request, device, scopes.DEVICE_WRITE, now=now),
    }
    return render(request, "homeowner/mode.html", context, status=422 if form.errors else 200)


@entry_points.part(staff="control")
@require_safe
def state(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Ask the device itself which mode and plan it follows: the one page that waits for Lunar."""
    now = timezone.now()
    device, site = entry_points.device(request, synth_id, now=now)
    states.refresh(device=device, now=now)
    found = current_state.of_device(device, site, reader=entry_points.reader(request), now=now)
    context = {"site": site, "device": device, "control": found, "fresh": True, "now": timezone.now()}
    return render(request, "homeowner/_state.html", context)


@entry_points.page(staff="details")
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Let the owner correct maker, model and serial number; only what is different is sent."""
    now = timezone.now()
    device, site = entry_points.device(request, synth_id, now=now)
    form = forms.Details(forms.posted(request), device=device, staff=request.looking is not None)
    if request.method == "POST" and form.is_valid():
        asked = operations.AskDetails(changes=form.changes())
        made = submit.make(request, device=device, asked=asked, form=form, now=now)
        if isinstance(made, control_models.Change) and made.outcome == "refused":
            form.refuse(made.sentence, made.message)
        elif made:
            return submit.led_to(made)
    context = {
        **viewer.of_home(site, now=now),
        "device": device,
        "title": presenter.title(device),
        "form": form,
        **submit.right(request, device, scopes.DEVICE_WRITE, now=now),
    }
    return render(request, "homeowner/details.html", context, status=422 if form.errors else 200)


@entry_points.page(staff="change")
@require_safe
def change(request: entry_points.HomeRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the receipt of one change; while it is open, the page looks again by itself."""
    now = timezone.now()
    found = entry_points.change(request, pk, now=now)
    receipt = receipts.receipt_of(found, reader=entry_points.reader(request), zone=found.site.zone, now=now)
    context = {**viewer.of_home(found.site, now=now), "change": found, "receipt": receipt}
    template = "homeowner/_receipt.html" if request.htmx else "homeowner/change.html"
    return render(request, template, context)
