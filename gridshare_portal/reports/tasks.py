"""Celery tasks that send due reports; the subscription's row is the queue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.reports import delivery


@shared_task
def send(pk: int) -> None:
    delivery.send(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    for pk in delivery.due(now=timezone.now()):
        wake(send, pk)
