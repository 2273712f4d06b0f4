"""Start collecting a home once its sensors are known."""

from __future__ import annotations

from django.dispatch import receiver
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals
from gridshare_portal.telemetry import collect


@receiver(signals.synced, dispatch_uid="telemetry.synced")
def start(sender: object, *, site: sites.Site, **_rest: object) -> None:
    if collect.begin(site=site, now=timezone.now()):
        wake("telemetry.tasks.collect_site", site.collection.pk)
