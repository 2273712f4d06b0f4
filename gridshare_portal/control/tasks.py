"""When changes are looked at again, homeowners told of proposals, states read, and bulk runs carried."""

from __future__ import annotations

import time
import uuid

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.control import (
    carrying,
    drafts,
    dry_runs,
    letters,
    looks,
    models,
    run_models,
    run_sweeps,
    state,
    turns,
)
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries

TASK_S = 8.0  # so that nothing stands behind a bulk run for longer


@shared_task
def read_again(change_pk: str) -> None:
    """Look once more at what became of an unconfirmed change."""
    looks.read_again(change_pk=change_pk, now=timezone.now())


@shared_task
def tell_homeowner(proposal_pk: str) -> None:
    """Write to the homeowner that somebody proposes a change."""
    letters.tell_homeowner(pk=proposal_pk, now=timezone.now())


@shared_task
def refresh_state(device_pk: int) -> None:
    """Read a device's mode and plan."""
    device = sites.Device.objects.filter(pk=device_pk, site__isnull=False).select_related("site").first()
    if device is not None:
        state.refresh(device=device, now=timezone.now())


@shared_task
def refresh_states(site_pk: int) -> None:
    """Read the modes and plans of a home's batteries."""
    site = sites.Site.objects.filter(pk=site_pk).first()
    for device in site_queries.battery_devices_of(site) if site else []:
        state.refresh(device=device, now=timezone.now())


@shared_task
def read_canceled(run_pk: int) -> None:
    """Write down the homes of a run that takes another back, for a while, and then have them checked."""
    came_to = drafts.read(
        run_pk=run_pk,
        parts=drafts.lines_to_undo,
        nothing=drafts.NOTHING_THERE,
        owner=uuid.uuid4().hex,
        clock=timezone.now,
        for_s=TASK_S,
    )
    if came_to == run_models.Run.State.READING:
        wake(read_canceled, run_pk)
    elif came_to == run_models.Run.State.DRAFT:
        wake(check_run, run_pk)


@shared_task
def check_run(run_pk: int) -> None:
    """Judge the homes of a draft, for a while; whatever is left is for the next task."""
    until_s = time.monotonic() + TASK_S
    run = run_models.Run.objects.filter(pk=run_pk).select_related("organization").first()
    while run is not None and dry_runs.check(run=run, now=timezone.now()):
        if time.monotonic() > until_s:
            wake(check_run, run_pk)
            return


@shared_task
def carry_run(run_pk: int) -> None:
    """Carry a bulk run on for a while, then stand behind everybody else again."""
    # Eager tasks run inside somebody's transaction, where no other thread could see the homes.
    many = 1 if settings.CELERY_TASK_ALWAYS_EAGER else turns.SIDE_BY_SIDE
    owner = uuid.uuid4().hex
    if carrying.carry(run_pk=run_pk, owner=owner, clock=timezone.now, for_s=TASK_S, side_by_side=many):
        wake(carry_run, run_pk)


@shared_task
def sweep_runs() -> None:
    """Start what is scheduled, free what killed workers had taken, and wake whatever has homes left."""
    now = timezone.now()
    run_sweeps.tidy(now=now)
    for run_pk in run_sweeps.unread():
        wake(read_canceled, run_pk)
    for run_pk in run_sweeps.unchecked():
        wake(check_run, run_pk)
    for run_pk in run_sweeps.carried():
        wake(carry_run, run_pk)


@shared_task
def sweep() -> None:
    """Settle what got stuck, and wake whatever is due; the rows say so, also after a worker died."""
    now = timezone.now()
    looks.settle_stuck(changes=models.Change.objects.all(), now=now)
    for change_pk in looks.due(now=now).values_list("pk", flat=True)[:200]:
        wake(read_again, str(change_pk))
    for device_pk in state.due(now=now)[:200]:
        wake(refresh_state, device_pk)
    for proposal_pk in letters.due(now=now):
        wake(tell_homeowner, proposal_pk)
