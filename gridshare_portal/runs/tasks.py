"""Celery tasks that find and check the homes of bulk runs and carry them out; the rows are the queue."""

from __future__ import annotations

import time
import uuid

from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.runs import models, sweeps
from gridshare_portal.runs.checks import dry_run
from gridshare_portal.runs.dispatch import slots, worker
from gridshare_portal.runs.targets import enumeration, selection

TASK_S = 8.0  # no other task waits longer for a bulk run


@shared_task
def find_homes(run_pk: int) -> None:
    """Find the homes of a run for TASK_S; when all are found, wake the dry run."""
    state = selection.find(run_pk=run_pk, owner=uuid.uuid4().hex, clock=timezone.now, for_s=TASK_S)
    _wake_next(find_homes, state, run_pk)


@shared_task
def read_canceled(run_pk: int) -> None:
    """Write the lines of a canceling run for TASK_S; when all are written, wake the dry run."""
    state = enumeration.read(
        run_pk=run_pk,
        parts=enumeration.lines_to_undo,
        nothing=enumeration.NOTHING_THERE,
        owner=uuid.uuid4().hex,
        clock=timezone.now,
        for_s=TASK_S,
    )
    _wake_next(read_canceled, state, run_pk)


@shared_task
def check_run(run_pk: int) -> None:
    """Check the homes of a draft for TASK_S."""
    until_s = time.monotonic() + TASK_S
    run = models.Run.objects.filter(pk=run_pk).select_related("organization").first()
    while run is not None and dry_run.check(run=run, now=timezone.now()):
        if time.monotonic() > until_s:
            wake(check_run, run_pk)
            return


@shared_task
def carry_run(run_pk: int) -> None:
    """Carry a run on for TASK_S, then queue behind other tasks."""
    # Eager tasks run inside the caller's transaction, whose rows other threads would not see.
    many = 1 if settings.CELERY_TASK_ALWAYS_EAGER else slots.SIDE_BY_SIDE
    owner = uuid.uuid4().hex
    if worker.carry(run_pk=run_pk, owner=owner, clock=timezone.now, for_s=TASK_S, side_by_side=many):
        wake(carry_run, run_pk)


@shared_task
def sweep() -> None:
    """Start scheduled runs, free lines of killed workers, and wake runs that have homes left."""
    now = timezone.now()
    sweeps.tidy(now=now)
    for run_pk in sweeps.unread():
        wake(read_canceled, run_pk)
    for run_pk in sweeps.unchecked():
        wake(check_run, run_pk)
    for run_pk in sweeps.carried():
        wake(carry_run, run_pk)


@shared_task
def sweep_targets() -> None:
    """Wake runs whose homes are still being found, also after a worker died."""
    selection.forget()
    for run_pk in selection.due():
        wake(find_homes, run_pk)


def _wake_next(reading: Task[[int], None], state: str, run_pk: int) -> None:
    """Go on finding a run's homes, or check them once all are found."""
    if state == models.Run.State.READING:
        wake(reading, run_pk)
    elif state == models.Run.State.DRAFT:
        wake(check_run, run_pk)
