"""Narrow by who asks, then look up: what one may not see does not exist.

Every page of a home, device or sensor begins here, so that no page can forget to ask.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from gridshare_portal.access import policy
from gridshare_portal.sites import models as sites


def site(request: HttpRequest, synth_id: str, *, now: datetime) -> sites.Site:
    """Return a home that the visitor may see, or answer 404."""
    return get_object_or_404(policy.sites_visible_to(request.user, now=now), synth_id=synth_id)


def device(request: HttpRequest, synth_id: str, *, now: datetime) -> sites.Device:
    """Return a device that the visitor may see and that stands in a home, or answer 404."""
    visible = policy.devices_visible_to(request.user, now=now).filter(site__isnull=False)
    return get_object_or_404(visible.select_related("site"), synth_id=synth_id)


def sensor(request: HttpRequest, pk: int, *, now: datetime) -> sites.Sensor:
    """Return a sensor that the visitor may see, or answer 404."""
    visible = policy.sensors_visible_to(request.user, now=now)
    return get_object_or_404(visible.select_related("site", "device"), pk=pk)
