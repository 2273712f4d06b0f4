"""When portfolios are counted and letters written: whenever a sweep finds a row that is due."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.retailer import counting, reconnecting


@shared_task
def count(pk: int) -> None:
    """Take a round some steps further, and ask for the next steps."""
    if counting.run(pk=pk, now=timezone.now(), owner=uuid.uuid4().hex):
        wake(count, pk)


@shared_task
def sweep() -> None:
    """Wake the rounds that may go on; the rows say so, also after a worker or the broker died."""
    now = timezone.now()
    counting.enroll(now=now)
    for pk in counting.due(now=now):
        wake(count, pk)


@shared_task
def remind(pk: int) -> None:
    """Write to who shares a home whose connection ended."""
    reconnecting.tell(pk=pk, now=timezone.now())


@shared_task
def sweep_letters() -> None:
    """Wake the letters that wait."""
    for pk in reconnecting.due(now=timezone.now()):
        wake(remind, pk)
