"""Reads the modes and plans of a home's batteries after the home was synced."""

from __future__ import annotations

from django.dispatch import receiver

from gridshare_portal.celery import wake
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals


@receiver(signals.synced, dispatch_uid="control.synced")
def refresh_states(sender: object, *, site: sites.Site, **_rest: object) -> None:
    wake("control.tasks.refresh_states", site.pk)
