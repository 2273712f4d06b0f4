"""Revoke tokens at Lunar and write to the owners of ended connections.

Rows are the queue: each task gets a primary key, does nothing when the row is done with, and the sweep finds
within a minute what no task was woken for.
"""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from gridshare_portal.lunar import emails
from gridshare_portal.lunar.tokens import pending, refresh, revocations


@shared_task
def revoke(pk: int) -> None:
    revocations.carry_out(pk=pk, now=timezone.now())


@shared_task
def tell_owner(pk: int) -> None:
    emails.tell_owner(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Revoke pending tokens that waited too long, and do whatever is due."""
    pending.sweep(now=timezone.now())
    for pk in emails.due():
        emails.tell_owner(pk=pk, now=timezone.now())
    for pk in revocations.due(now=timezone.now(), at_most=5):
        revocations.carry_out(pk=pk, now=timezone.now())


@shared_task
def finish_refreshes() -> None:
    """Repeat refreshes that were started and did not end, while the login still honors the old token."""
    for pk in refresh.unfinished(now=timezone.now())[:20]:
        refresh.recover(connection_pk=pk)


@worker_ready.connect
def _finish_at_once(**_options: object) -> None:
    """Let a worker that was just started begin with what the one before it may have left."""
    finish_refreshes.delay()
