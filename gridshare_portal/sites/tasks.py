"""Read homes as soon as a connection is stored, and whenever the sweep finds one due."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.sites import sync


@shared_task
def sync_connection(connection_pk: int) -> None:
    """Read the homes of one connection, and wake itself again when more is left than one run reads."""
    if sync.run(connection_pk=connection_pk, now=timezone.now(), owner=uuid.uuid4().hex):
        wake(sync_connection, connection_pk)


@shared_task
def sweep() -> None:
    """Wake whatever is due; the rows say so, also after a worker or the broker died."""
    for connection_pk in sync.claim(now=timezone.now()):
        wake(sync_connection, connection_pk)
