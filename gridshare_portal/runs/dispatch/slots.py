"""Slots for workers, the common rate, and the next homes of a run.

All of it is in the database, so that a flushed Redis or a killed worker changes nothing: a line that was
taken and not written is free again when its lease ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from gridshare_portal.control import outcomes
from gridshare_portal.leases import rows as leases
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.dispatch import abort_policy

SLOTS = 2  # of four workers: two stay free for interactive tasks
SIDE_BY_SIDE = 4  # homes in one slot
SLOT_LEASE = timedelta(seconds=90)  # longer than a task may run
LINE_LEASE = timedelta(minutes=2)
CHUNK = 4
BURST = timedelta(seconds=2)
DELAY = timedelta(seconds=30)
DELAYS_AT_MOST = 20
GIVEN_UP = f"This home’s turn could not be taken for too long. {outcomes.NEVER_SENT}"

R, S = runs.Run.State, runs.Line.State


def enter(*, owner: str, now: datetime) -> int | None:
    """Take a free slot and return its number, or None when all are taken."""
    runs.DispatchSlot.objects.bulk_create(
        [runs.DispatchSlot(number=number) for number in range(1, SLOTS + 1)], ignore_conflicts=True
    )
    free = leases.free(now=now)
    for slot in runs.DispatchSlot.objects.filter(free, number__lte=SLOTS).order_by("number"):
        taken = leases.held(owner=owner, now=now, lasting=SLOT_LEASE)
        if runs.DispatchSlot.objects.filter(free, pk=slot.pk).update(**taken):
            return slot.number
    return None


def leave(*, owner: str) -> None:
    """Give the owner's slot back."""
    runs.DispatchSlot.objects.filter(lease_owner=owner).update(**leases.released())


def take(*, run_pk: int, owner: str, now: datetime) -> tuple[runs.Run | None, Sequence[runs.Line]]:
    """Take the next lines of a run, by position, as many as the rate allows.

    No run: it does not go on for now. A run without lines: it is too early for more.
    """
    with transaction.atomic():
        rows = runs.Run.objects.select_for_update(of=("self",)).order_by()
        run = rows.filter(pk=run_pk, state=R.RUNNING).select_related("organization", "carried_by").first()
        allowed = abort_policy.homes_allowed(run=run, now=now) if run else 0
        if not run or not allowed:
            return None, []
        due = run.lines.filter(Q(due_at=None) | Q(due_at__lte=now), state=S.WAITING)
        waiting = list(due.values_list("pk", flat=True)[: min(CHUNK, allowed)])
        if not waiting:
            return None, []
        mine = waiting[: _take_turns(len(waiting), now)]
        taken = {"state": S.TAKEN, **leases.held(owner=owner, now=now, lasting=LINE_LEASE)}
        # By key alone: another condition may make the database scan all lines of the run. The run is locked,
        # and nobody changes a waiting line without locking its run.
        runs.Line.objects.filter(pk__in=mine).update(**taken)
    lines = runs.Line.objects.filter(pk__in=mine).select_related("site", "device__site", "undoes")
    return run, sorted(lines.order_by(), key=lambda line: line.position)


def give_back(*, lines: Sequence[runs.Line], owner: str) -> None:
    """Return lines to waiting that were taken and came to nothing."""
    mine = _unwritten().filter(pk__in=[line.pk for line in lines], lease_owner=owner)
    mine.update(state=S.WAITING, **leases.released())


def put_off(*, line: runs.Line, owner: str, now: datetime) -> None:
    """Delay a line because another change of its device is under way; give up after DELAYS_AT_MOST."""
    _delay(_unwritten().filter(pk=line.pk, lease_owner=owner), now)


def free_expired(*, now: datetime) -> None:
    """Delay lines whose worker died before it wrote a change; written ones settle by themselves."""
    _delay(_unwritten().filter(lease_until_at__lt=now), now)


def _delay(lines: QuerySet[runs.Line], now: datetime) -> None:
    given_up = {"state": S.FAILED, "sentence": GIVEN_UP, **leases.released()}
    lines.filter(delays__gte=DELAYS_AT_MOST).update(**given_up)
    waits = {"state": S.WAITING, "due_at": now + DELAY, **leases.released()}
    lines.update(delays=F("delays") + 1, **waits)


def _unwritten() -> QuerySet[runs.Line]:
    return runs.Line.objects.filter(state=S.TAKEN, change=None)


def _take_turns(wanted: int, now: datetime) -> int:
    """Take up to `wanted` turns from the rate that all workers share."""
    apart = timedelta(minutes=1) / settings.RUNS_PER_MINUTE
    rate = runs.RateLimit.objects.select_for_update().filter(pk=1).first()
    if rate is None:
        runs.RateLimit.objects.get_or_create(pk=1, defaults={"next_at": now - apart})
        rate = runs.RateLimit.objects.select_for_update().get(pk=1)
    # At most a burst back, and never ahead, whatever another worker's clock says.
    begin = min(max(rate.next_at, now - max(BURST, apart)), now)
    turns = max(0, min(wanted, (now - begin) // apart))
    runs.RateLimit.objects.filter(pk=1).update(next_at=begin + turns * apart)
    return turns
