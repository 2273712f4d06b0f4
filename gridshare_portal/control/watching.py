"""While somebody looks at a home, its modes and plans are read again every minute, by a worker."""

from __future__ import annotations

from datetime import datetime

from gridshare_portal.celery import wake
from gridshare_portal.control import state, tasks
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries


def watch(*, site: sites.Site, now: datetime) -> None:
    """Note that somebody looks at the home; this asks nobody and costs a page no time."""
    for device in site_queries.battery_devices_of(site):
        if state.note_watched(device=device, now=now):
            wake(tasks.refresh_state, device.pk)
