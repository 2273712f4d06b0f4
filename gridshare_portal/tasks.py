"""The heartbeat: that beat gives out tasks and a worker takes them."""

from __future__ import annotations

from celery import shared_task
from django.core.cache import caches
from django.utils import timezone

from gridshare_portal import health


@shared_task
def beat() -> None:
    caches["database"].set(health.HEARTBEAT, timezone.now(), timeout=None)
