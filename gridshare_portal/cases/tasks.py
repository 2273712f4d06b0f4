"""When homes are examined and letters written: whenever the sweep finds a row that is due."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from gridshare_portal.cases import digest, examination, open_counts, raw_responses
from gridshare_portal.celery import wake
from gridshare_portal.sites import raw_responses as kept

TOGETHER = 50


@shared_task
def examine_homes(pks: list[int]) -> None:
    """Examine some homes, all with the same few queries."""
    examination.run(pks=pks, now=timezone.now(), owner=uuid.uuid4().hex)


@shared_task
def send_digest(pk: int) -> None:
    """Write one member's daily letter, if there is something to say."""
    digest.send(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Wake whatever is due; the rows say so, also after a worker or the broker died."""
    now = timezone.now()
    examination.enroll(now=now)
    for due in iter(lambda: examination.claim(now=now), []):
        for start in range(0, len(due), TOGETHER):
            wake(examine_homes, due[start : start + TOGETHER])


@shared_task
def count_open_cases() -> None:
    """Count what is open, for pages that show the numbers only."""
    open_counts.count(now=timezone.now())


@shared_task
def sweep_digests() -> None:
    """Wake the letters whose morning has come."""
    now = timezone.now()
    digest.enroll(now=now)
    for pk in digest.due(now=now):
        wake(send_digest, pk)


@shared_task
def fetch_answer(pk: int) -> None:
    """Ask Lunar what a member of staff wants to look at."""
    raw_responses.fetch(pk=pk, now=timezone.now())


@shared_task
def sweep_answers() -> None:
    """Wake what nobody took up, and forget what was looked at long enough."""
    now = timezone.now()
    kept.sweep(now=now)
    for pk in kept.untaken(now=now).values_list("pk", flat=True)[:50]:
        wake(fetch_answer, pk)
