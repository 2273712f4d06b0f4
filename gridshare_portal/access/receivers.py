"""Ends consents with what they rest on, a connection and who lives there, and records them before they go."""

from __future__ import annotations

from datetime import datetime

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from gridshare_portal.access import consents, models
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import signals
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals as site_signals


@receiver(signals.ended, dispatch_uid="access.ended")
def on_ended(sender: object, *, connection: lunar.Connection, forget: bool, **_rest: object) -> None:
    """End consents when the homeowner disconnects; a connection that Lunar ended may come back."""
    if forget or connection.status == lunar.Connection.Status.DISCONNECTED:
        consents.end_unreached(connection=connection, now=timezone.now())


@receiver(site_signals.left, dispatch_uid="access.left")
def on_left(sender: object, *, site: sites.Site, at: datetime, **_rest: object) -> None:
    consents.end_all(site=site, now=at)


@receiver(pre_delete, sender=models.Consent)
def on_deleted(instance: models.Consent, **_context: object) -> None:
    consents.end(consent=instance, by=None, how=consents.DELETED, now=timezone.now())
