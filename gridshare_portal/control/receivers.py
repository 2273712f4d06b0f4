"""A home that was read has its modes and plans read too."""

from __future__ import annotations

from django.dispatch import receiver

from gridshare_portal.celery import wake
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals


@receiver(signals.synced, dispatch_uid="control.synced")
def start(sender: object, *, site: sites.Site, **_rest: object) -> None:
    """Read the modes and plans of the home's batteries."""
    wake("control.tasks.refresh_states", site.pk)
