"""Fetch readings as soon as a home's sensors are known, and whenever the sweep finds a home due."""

from __future__ import annotations

import time
import uuid

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.telemetry import collect

SECONDS = 6.0  # all workers may be at this, and what people wait for has to have its turn
TOGETHER = 20


@shared_task
def collect_site(collection_pk: int) -> None:
    """Fetch for one home for SECONDS, and wake itself again when that was not enough."""
    if _collect(collection_pk, SECONDS):
        wake(collect_site, collection_pk)


@shared_task(expires=collect.CLAIMED.total_seconds())
def collect_sites(collection_pks: list[int]) -> None:
    """Fetch for several homes, one after another; one that needs more time gets a task of its own.

    A message that waited until its homes are due again is dropped, since they are in another by then: workers
    that are behind would otherwise find each home in ever more messages.
    """
    began_s = time.monotonic()
    for collection_pk in collection_pks:
        left_s = SECONDS - (time.monotonic() - began_s)
        if left_s < 1 or _collect(collection_pk, left_s):
            wake(collect_site, collection_pk)


@shared_task
def sweep() -> None:
    """Wake whatever is due; the rows say so, also after a worker or the broker died."""
    collect.heal(now=timezone.now())
    for due in iter(lambda: collect.claim(now=timezone.now()), []):
        for start in range(0, len(due), TOGETHER):
            wake(collect_sites, due[start : start + TOGETHER])


def _collect(collection_pk: int, seconds: float) -> bool:
    return collect.run(
        collection_pk=collection_pk, now=timezone.now(), owner=uuid.uuid4().hex, seconds=seconds
    )
