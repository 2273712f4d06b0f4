"""Celery tasks of passes, reminders and daily sums; the rows are the queue."""

from __future__ import annotations

import uuid
from datetime import date

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.portfolio import reminders
from gridshare_portal.portfolio.projection import daily_sums, passes


@shared_task
def count(pk: int) -> None:
    """Take a pass some steps further, and wake the next steps."""
    if passes.run(pk=pk, now=timezone.now(), owner=uuid.uuid4().hex):
        wake(count, pk)


@shared_task
def sweep() -> None:
    """Wake the passes that are due, also after a worker or the broker died."""
    now = timezone.now()
    passes.enroll(now=now)
    for pk in passes.due(now=now):
        wake(count, pk)


@shared_task
def remind(pk: int) -> None:
    reminders.send(pk=pk, now=timezone.now())


@shared_task
def sweep_reminders() -> None:
    for pk in reminders.due(now=timezone.now()):
        wake(remind, pk)


@shared_task
def count_day(organization: int, day: str) -> None:
    daily_sums.count(organization=organization, day=date.fromisoformat(day), now=timezone.now())


@shared_task
def sweep_days() -> None:
    for organization, day in daily_sums.due(now=timezone.now()):
        wake(count_day, organization, day.isoformat())
