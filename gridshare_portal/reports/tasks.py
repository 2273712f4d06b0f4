"""When Celery sends the reports that are due; the subscription's row is the queue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.reports import delivery


@shared_task
def send(pk: int) -> None:
    """Send one member's report."""
    delivery.send(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Wake the reports whose morning has come."""
    for pk in delivery.due(now=timezone.now()):
        wake(send, pk)
