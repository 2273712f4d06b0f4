"""Narrow by who asks, then look up: what one may not see does not exist.

Every page of a home, device or sensor begins here, so that no page can forget to ask.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from gridshare_portal.access import policy
from gridshare_portal.sites import models as sites

View = Callable[..., HttpResponse]


def part(view: View) -> View:
    """Ask who it is before a part of a page renews itself.

    Whoever is no longer signed in gets the whole page again, and with it the sign-in, instead of
    a sign-in page in the middle of a card.
    """

    @functools.wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.htmx and not request.user.is_authenticated:
            return HttpResponse(status=401, headers={"HX-Refresh": "true"})
        return login_required(view)(request, *args, **kwargs)

    return asked


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
