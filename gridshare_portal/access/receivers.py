"""Ends consents with the connection they rest on, and records them before their rows are deleted."""

from __future__ import annotations

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from gridshare_portal.access import consents, models
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import signals


@receiver(signals.ended, dispatch_uid="access.ended")
def on_ended(sender: object, *, connection: lunar.Connection, forget: bool, **_rest: object) -> None:
    """End consents when the homeowner disconnects; a connection that Lunar ended may come back."""
    if forget or connection.status == lunar.Connection.Status.DISCONNECTED:
        consents.end_unreached(connection=connection, now=timezone.now())


@receiver(pre_delete, sender=models.Consent)
def on_deleted(instance: models.Consent, **_context: object) -> None:
    consents.end(consent=instance, by=None, how=consents.DELETED, now=timezone.now())
