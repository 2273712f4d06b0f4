"""What the sweep finds to do about bulk runs, from the rows alone."""

from __future__ import annotations

from datetime import datetime

from gridshare_portal.runs import models, transitions
from gridshare_portal.runs.dispatch import slots

R, S = models.Run.State, models.Line.State
NOT_STARTED = "It was not started at its time: whoever scheduled it may no longer start runs."


def tidy(*, now: datetime) -> None:
    """Free lines of workers that died, start scheduled runs, and finish runs that have no homes left."""
    slots.free_expired(now=now)
    due = models.Run.objects.filter(state=R.CHECKED, start_at__lte=now)
    for run in due.select_related("organization", "carried_by"):
        _start(run, now)
    for run in models.Run.objects.filter(state__in=[R.RUNNING, R.STOPPING]).select_related("organization"):
        while transitions.finish(run=run, now=now):
            pass


def unread() -> list[int]:
    """Return the keys of canceling runs whose lines are still to be written."""
    reading = models.Run.objects.filter(state=R.READING, cancel_of__isnull=False)
    return list(reading.values_list("pk", flat=True))


def unchecked() -> list[int]:
    """Return the keys of drafts."""
    return list(models.Run.objects.filter(state=R.DRAFT).values_list("pk", flat=True))


def carried() -> list[int]:
    """Return the keys of running runs, the oldest first, each once per slot."""
    running = models.Run.objects.filter(state=R.RUNNING).order_by("started_at", "pk")
    return [run_pk for run_pk in running.values_list("pk", flat=True) for _ in range(slots.SLOTS)]


def _start(run: models.Run, now: datetime) -> None:
    if transitions.may_run(run.carried_by, run.organization):
        transitions.begin(run=run, actor=run.carried_by, now=now)
        return
    written = {"start_at": None, "why": "no_admin", "sentence": NOT_STARTED}
    transitions.move(run=run, action="not started", after=[R.CHECKED], actor=None, now=now, **written)
