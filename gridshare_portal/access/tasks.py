"""When Celery writes to whom a request is for; the request's row is the queue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.access import letters


@shared_task
def tell(pk: int) -> None:
    """Write to whom one request is for."""
    letters.tell(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Take up the requests of which nobody was told yet."""
    for pk in letters.due(now=timezone.now()):
        letters.tell(pk=pk, now=timezone.now())
