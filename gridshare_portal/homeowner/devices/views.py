"""Pages of a home's devices, its tree, and the roles of its sensors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.audit import names, record
from gridshare_portal.forms import Key
from gridshare_portal.homeowner import addresses, entry_points, forms, viewer
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, settings, structure
from gridshare_portal.telemetry.meaning import words as meaning_words

ON_A_PAGE = 24
LOOSE_AT_MOST = 100  # sensors without a device on one page


@entry_points.page(staff="devices")
@require_safe
def devices(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    home = entry_points.site(request, synth_id, now=now)
    there = queries.devices_in(home)
    page = addresses.page(request, there, size=ON_A_PAGE)
    sensors = queries.sensors_in(home)
    known = structure.known_of(home, among=sensors)
    context = {
        **viewer.of_home(home, now=now),
        "device_page": page,
        "devices": [_card(device) for device in page],
        "gap": structure.gap_of(known, has_readings=True),
        "notes": structure.notes_of(known),
        **_loose(home, sensors, now),
        **_tree(request, home, there, sensors),
    }
    return render(request, "homeowner/devices.html", context)


@entry_points.page(staff="device")
@require_safe
def device(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    found, home = entry_points.device(request, synth_id, now=now)
    sensors = found.sensors.filter(gone_at=None).select_related("latest", "meaning")[:ON_A_PAGE]
    context = {
        **viewer.of_home(home, now=now),
        "device": found,
        "title": presenter.title(found),
        "facts": presenter.facts(found),
        "extra": presenter.others(found),
        "controllable": found in queries.battery_devices_of(home),
        "sensors": [_sensor(sensor, home, now) for sensor in sensors],
    }
    return render(request, "homeowner/device.html", context)


@entry_points.page(staff=None)
@require_POST
def sensor_role(request: entry_points.HomeRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    sensor = entry_points.sensor(request, pk, now=now)
    form = forms.SensorRole(request.POST, sensor=sensor)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles in the list. Nothing was changed.")
    else:
        role, before = form.cleaned_data["role"], sensor.role
        with transaction.atomic():
            settings.correct_role(sensor=sensor, role=role)
            record.add(
                name=names.Name.ROLE_CORRECTED,
                at=now,
                actor=request.user,
                site=sensor.site,
                device=sensor.device,
                details={"sensor": sensor.synth_id, "before": before, "after": sensor.role},
            )
        label = sites.Role(sensor.role).label.lower()
        messages.success(request, f"Saved: {sensor.synth_id} now counts as {label}.")
    if sensor.device is None:
        return redirect("homeowner:devices", synth_id=sensor.site.synth_id)
    return redirect("homeowner:device", synth_id=sensor.device.synth_id)


def _loose(home: sites.Site, sensors: Sequence[sites.Sensor], now: datetime) -> dict[str, object]:
    """Return the sensors that belong to no device of the home, and so stand on no device's page."""
    loose = [sensor for sensor in sensors if sensor.device_id is None]
    shown = loose[:LOOSE_AT_MOST]
    if shown:
        prefetch_related_objects(shown, "latest", "meaning")
    return {
        "loose": [_sensor(sensor, home, now) for sensor in shown],
        "loose_left": len(loose) - len(shown),
    }


def _card(device: sites.Device) -> dict[str, object]:
    return {
        "synth_id": device.synth_id,
        "title": presenter.title(device),
        "glyph": presenter.kind(device.kind)[1],
        "facts": presenter.facts(device, short=True),
    }


def _sensor(sensor: sites.Sensor, site: sites.Site, now: datetime) -> dict[str, object]:
    return {
        "pk": sensor.pk,
        "synth_id": sensor.synth_id,
        "title": presenter.sensor_title(sensor.role, sensor.kind),
        "kind": sensor.kind,
        "channels": sensor.channels,
        "newest": presenter.newest(getattr(sensor, "latest", None), zone=site.zone, now=now),
        "told": meaning_words.sentences(getattr(sensor, "meaning", None)),
        "choice": forms.SensorRole(sensor=sensor)["role"],
    }


def _tree(
    request: entry_points.HomeRequest,
    site: sites.Site,
    devices: Sequence[sites.Device],
    sensors: Sequence[sites.Sensor],
) -> dict[str, object]:
    branches = queries.tree_of(site, among=devices, measured=sensors)
    start = Key().clean(request.GET.get("from")) or 0
    start = start if start < len(branches) else 0
    end = min(start + presenter.LINES, len(branches))
    return {
        "branches": presenter.lines(branches, start=start),
        "node_count": len(branches),
        "repeated": site.topology.get("repeated", 0),
        "cut": site.topology.get("cut", False),
        "first": start + 1,
        "last": end,
        "earlier": max(0, start - presenter.LINES) if start else None,
        "later": end if end < len(branches) else None,
    }
