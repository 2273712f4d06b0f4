"""What may be asked of the changes of a home, and of its devices' modes and plans."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from gridshare_portal.control import models, outcomes
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries


def changes_of(site: sites.Site) -> QuerySet[models.Change]:
    """Return the wishes of a home and what became of them, the newest first."""
    return models.Change.objects.filter(site=site).select_related("device", "actor")


def open_change_of(device: sites.Device) -> models.Change | None:
    """Return the change of the device that is on its way, if there is one."""
    return models.Change.objects.filter(device=device, outcome=outcomes.OPEN).first()


def latest_change_of(device: sites.Device, kind: str) -> models.Change | None:
    """Return the newest change of this kind."""
    return models.Change.objects.filter(device=device, kind=kind).first()


def states_of(site: sites.Site) -> QuerySet[models.State]:
    """Return the modes and plans of a home's devices as last read."""
    return models.State.objects.filter(device__site=site).select_related("device")


def battery_states_of(site: sites.Site, *, among: Iterable[sites.Sensor] | None = None) -> list[models.State]:
    """Return the state of each of a home's batteries; one that was never read says so by its moments.

    The batteries are found among the sensors, where those have been read already.
    """
    devices = site_queries.battery_devices_of(site, among=among)
    read = {state.device_id: state for state in models.State.objects.filter(device__in=devices)}
    known = [read.get(device.pk) or models.State(device=device) for device in devices]
    for state, device in zip(known, devices, strict=True):
        device.site = site
        state.device = device
    return known
