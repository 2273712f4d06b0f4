"""Has a home's modes and plans read again every minute, by a worker, while a page shows the home."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gridshare_portal.celery import wake
from gridshare_portal.control import models, queries, state
from gridshare_portal.sites import models as sites


def watch(*, site: sites.Site, now: datetime, known: Sequence[models.State] | None = None) -> None:
    """Note that a page shows the home; costs no API call. `known` are its battery states, if read already."""
    if known is None:
        known = queries.battery_states_of(site)
    for device_pk in state.note_watched(known=known, now=now):
        wake("control.tasks.refresh_state", device_pk)
