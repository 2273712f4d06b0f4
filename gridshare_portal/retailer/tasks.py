"""When portfolios are counted, letters written and homes of runs found: when a sweep finds a row due."""

from __future__ import annotations

import uuid
from datetime import date

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.control import run_models
from gridshare_portal.control import tasks as control_tasks
from gridshare_portal.retailer import counting, day_sums, finding, reconnecting, reports

FIND_S = 8.0  # so that nothing stands behind a long list for longer


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
    now = timezone.now()
    for pk in reconnecting.due(now=now):
        wake(remind, pk)
    for pk in reports.due(now=now):
        wake(send_report, pk)


@shared_task
def send_report(pk: int) -> None:
    """Send one member's report."""
    reports.send(pk=pk, now=timezone.now())


@shared_task
def count_day(organization: int, day: str) -> None:
    """Sum one day of a portfolio."""
    day_sums.count(organization=organization, day=date.fromisoformat(day), now=timezone.now())


@shared_task
def sweep_days() -> None:
    """Wake the counting of days that are missing, or to which readings may have come since."""
    for organization, day in day_sums.due(now=timezone.now()):
        wake(count_day, organization, day.isoformat())


@shared_task
def find_homes(run_pk: int) -> None:
    """Find the homes of a bulk run for a while; when there are no more, have them checked."""
    state = finding.find(run_pk=run_pk, owner=uuid.uuid4().hex, clock=timezone.now, for_s=FIND_S)
    if state == run_models.Run.State.READING:
        wake(find_homes, run_pk)
    elif state == run_models.Run.State.DRAFT:
        wake(control_tasks.check_run, run_pk)


@shared_task
def sweep_choices() -> None:
    """Wake the finding of homes that was begun and not ended, also by a worker that died."""
    finding.forget()
    for run_pk in finding.due():
        wake(find_homes, run_pk)
