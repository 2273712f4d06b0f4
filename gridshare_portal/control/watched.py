"""While somebody looks at a home, its modes and plans are read again every minute, by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gridshare_portal.celery import wake
from gridshare_portal.control import models, queries, state
from gridshare_portal.sites import models as sites


def watch(*, site: sites.Site, now: datetime, known: Sequence[models.State] | None = None) -> None:
    """Note that somebody looks at the home; this asks nobody and costs a page no time.

    Whoever has read the states of its batteries already hands them on.
    """
    if known is None:
        known = queries.battery_states_of(site)
    for device_pk in state.note_watched(known=known, now=now):
        wake("control.tasks.refresh_state", device_pk)
