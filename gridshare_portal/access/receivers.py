"""What a homeowner shared ends with the connection it rests on, and is recorded before its row goes."""

from __future__ import annotations

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from gridshare_portal.access import consents, models
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import signals


@receiver(signals.ended, dispatch_uid="access.ended")
def on_ended(sender: object, *, connection: lunar.Connection, forget: bool, **_rest: object) -> None:
    """End what was shared when its homeowner disconnects; what Lunar ended may come back, and so it waits."""
    if forget or connection.status == lunar.Connection.Status.DISCONNECTED:
        consents.end_unreached(connection=connection, now=timezone.now())


@receiver(pre_delete, sender=models.Consent)
def on_deleted(instance: models.Consent, **_context: object) -> None:
    """Record that a consent ends whose row goes away, as it does with its giver, home or organization."""
    consents.record_before_delete(consent=instance, now=timezone.now())
