"""Start a sync when a connection begins; when one ends, stop it and, where chosen, delete its homes."""

from __future__ import annotations

from django.dispatch import receiver
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import signals as lunar_signals
from gridshare_portal.sites import settings, sync


@receiver(lunar_signals.connected, dispatch_uid="sites.connected")
def start(sender: object, *, connection: lunar.Connection, **_rest: object) -> None:
    sync.request(connection=connection, now=timezone.now())
    wake("sites.tasks.sync_connection", connection.pk)


@receiver(lunar_signals.ended, dispatch_uid="sites.ended")
def end(sender: object, *, connection: lunar.Connection, forget: bool, **_rest: object) -> None:
    sync.stop(connection=connection)
    if forget:
        settings.forget(connection=connection)
