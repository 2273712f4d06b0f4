"""Celery tasks that send the e-mails of requests; the request's row is the queue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.access import emails


@shared_task
def tell(pk: int) -> None:
    emails.tell(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    for pk in emails.due(now=timezone.now()):
        emails.tell(pk=pk, now=timezone.now())
