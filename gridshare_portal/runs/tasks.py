"""When Celery finds the homes of bulk runs, checks them and carries the runs; the rows are the queue."""

from __future__ import annotations

import time
import uuid

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.runs import models, sweeps
from gridshare_portal.runs.checks import dry_run
from gridshare_portal.runs.dispatch import slots, worker
from gridshare_portal.runs.targets import enumeration, selection

TASK_S = 8.0  # so that nothing stands behind a bulk run for longer


@shared_task
def find_homes(run_pk: int) -> None:
    """Find the homes of a bulk run for a while; when there are no more, have them checked."""
    state = selection.find(run_pk=run_pk, owner=uuid.uuid4().hex, clock=timezone.now, for_s=TASK_S)
    if state == models.Run.State.READING:
        wake(find_homes, run_pk)
    elif state == models.Run.State.DRAFT:
        wake(check_run, run_pk)


@shared_task
def read_canceled(run_pk: int) -> None:
    """Write down the homes of a run that takes another back, for a while, and then have them checked."""
    came_to = enumeration.read(
        run_pk=run_pk,
        parts=enumeration.lines_to_undo,
        nothing=enumeration.NOTHING_THERE,
        owner=uuid.uuid4().hex,
        clock=timezone.now,
        for_s=TASK_S,
    )
    if came_to == models.Run.State.READING:
        wake(read_canceled, run_pk)
    elif came_to == models.Run.State.DRAFT:
        wake(check_run, run_pk)


@shared_task
def check_run(run_pk: int) -> None:
    """Judge the homes of a draft, for a while; whatever is left is for the next task."""
    until_s = time.monotonic() + TASK_S
    run = models.Run.objects.filter(pk=run_pk).select_related("organization").first()
    while run is not None and dry_run.check(run=run, now=timezone.now()):
        if time.monotonic() > until_s:
            wake(check_run, run_pk)
            return


@shared_task
def carry_run(run_pk: int) -> None:
    """Carry a bulk run on for a while, then stand behind everybody else again."""
    # Eager tasks run inside somebody's transaction, where no other thread could see the homes.
    many = 1 if settings.CELERY_TASK_ALWAYS_EAGER else slots.SIDE_BY_SIDE
    owner = uuid.uuid4().hex
    if worker.carry(run_pk=run_pk, owner=owner, clock=timezone.now, for_s=TASK_S, side_by_side=many):
        wake(carry_run, run_pk)


@shared_task
def sweep() -> None:
    """Start what is scheduled, free what killed workers had taken, and wake whatever has homes left."""
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
    """Wake the finding of homes that was begun and not ended, also by a worker that died."""
    selection.forget()
    for run_pk in selection.due():
        wake(find_homes, run_pk)
