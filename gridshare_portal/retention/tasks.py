"""The sweep of what is kept no longer, once an hour; it wakes itself while more is left."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.retention import sweep

FOR_S = 25.0


@shared_task
def sweep_expired() -> None:
    if sweep.run(now=timezone.now(), for_s=FOR_S).is_left:
        wake(sweep_expired)
