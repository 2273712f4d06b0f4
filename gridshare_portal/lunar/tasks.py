"""When Celery ends tokens at Lunar and writes to the owners of ended connections.

Rows are the queue: each task is handed a number, does nothing when the row is done with,
and whatever nobody woke the sweep finds within a minute.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.lunar import emails
from gridshare_portal.lunar.tokens import pending, revocations


@shared_task
def revoke(pk: int) -> None:
    """End one token at Lunar."""
    revocations.carry_out(pk=pk, now=timezone.now())


@shared_task
def tell_owner(pk: int) -> None:
    """Write to the owner of a connection that Lunar ended."""
    emails.tell_owner(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Discard tokens nobody fetched, and take up whatever is due."""
    pending.sweep(now=timezone.now())
    for pk in emails.due():
        emails.tell_owner(pk=pk, now=timezone.now())
    for pk in revocations.due(now=timezone.now(), at_most=5):
        revocations.carry_out(pk=pk, now=timezone.now())
