"""Celery tasks of examinations, digests, open counts and raw responses; the rows are the queue."""

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
    examination.run(pks=pks, now=timezone.now(), owner=uuid.uuid4().hex)


@shared_task
def send_digest(pk: int) -> None:
    digest.send(pk=pk, now=timezone.now())


@shared_task
def sweep() -> None:
    """Enroll new homes and wake every examination that is due."""
    now = timezone.now()
    examination.enroll(now=now)
    for due in iter(lambda: examination.claim(now=now), []):
        for start in range(0, len(due), TOGETHER):
            wake(examine_homes, due[start : start + TOGETHER])


@shared_task
def count_open_cases() -> None:
    open_counts.count(now=timezone.now())


@shared_task
def sweep_digests() -> None:
    now = timezone.now()
    digest.enroll(now=now)
    for pk in digest.due(now=now):
        wake(send_digest, pk)


@shared_task
def fetch_answer(pk: int) -> None:
    raw_responses.fetch(pk=pk, now=timezone.now())


@shared_task
def sweep_answers() -> None:
    """Wake requests that no worker took, and drop responses that are old enough."""
    now = timezone.now()
    kept.sweep(now=now)
    for pk in kept.untaken(now=now).values_list("pk", flat=True)[:50]:
        wake(fetch_answer, pk)
