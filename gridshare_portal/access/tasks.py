"""When Celery writes to whom a request is for; the request's row is the queue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.access import emails


@shared_task
def tell(pk: int) -> None:
    """Write to whom one request is for."""
    emails.tell(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Take up the requests of which nobody was told yet."""
    for pk in emails.due(now=timezone.now()):
        emails.tell(pk=pk, now=timezone.now())
