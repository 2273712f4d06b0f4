"""Carries a bulk run out: home by home through control.changes, for a limited time.

A line and its change are joined in the transaction that writes the change, and only while the run is running
and the line is this worker's. So no home is sent twice, and none after a pause.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from gridshare_portal.control import changes, models, operations, outcomes, permission, quota, state
from gridshare_portal.control.plans import rules
from gridshare_portal.leases import rows as leases
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import transitions
from gridshare_portal.runs.checks import dry_run, eligibility
from gridshare_portal.runs.dispatch import pool, slots
from gridshare_portal.sites import models as sites

log = logging.getLogger(__name__)

PAUSE_S = 0.25
TIMES_OVER = "The times that were asked for were over before this home’s turn. Nothing was sent."
R, S = runs.Run.State, runs.Line.State
Clock = Callable[[], datetime]


class _Held(Exception):
    """The run was paused or stopped, or the line is no longer this worker's."""


class _Refused(Exception):
    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.why, self.sentence = why, sentence


def carry(*, run_pk: int, owner: str, clock: Clock, for_s: float, side_by_side: int = 1) -> bool:
    """Carry a run on for `for_s` seconds, `side_by_side` homes at once; return whether to go on at once."""
    if slots.enter(owner=owner, now=clock()) is None:
        return False
    until_s = time.monotonic() + for_s
    try:
        with pool.WorkerPool(side_by_side) as at_work:
            while time.monotonic() < until_s:
                if not _carry_some(run_pk, owner, clock, until_s, at_work):
                    return False
        return True
    finally:
        slots.leave(owner=owner)


def _carry_some(run_pk: int, owner: str, clock: Clock, until_s: float, at_work: pool.WorkerPool) -> bool:
    """Send the next few homes; return whether to go on."""
    at_work.until_some_are_free()
    if _is_circuit_open():
        return False
    run, lines = slots.take(run_pk=run_pk, owner=owner, now=clock())
    if run is None:
        # The next homes may depend on those under way, as after the canary.
        if at_work.until_all_is_done():
            return True
        with transaction.atomic():
            over = runs.Run.objects.filter(pk=run_pk).select_related("organization").first()
            if over is not None:
                transitions.finish(run=over, now=clock())
        return False
    if not lines:
        time.sleep(PAUSE_S)
    for line in lines:
        at_work.give(partial(_carry_line, run, line, owner, clock, until_s))
    return True


def _is_circuit_open() -> bool:
    return circuit_breaker.for_host(urlsplit(settings.GRIDSHARE_URL).netloc).closed_for_s() > 0


def _carry_line(run: runs.Run, line: runs.Line, owner: str, clock: Clock, until_s: float) -> None:
    """Send one home, unless the time is over; an exception concerns no other home."""
    try:
        if time.monotonic() >= until_s or _is_circuit_open():
            slots.give_back(lines=[line], owner=owner)
        else:
            _change_home(run, line, owner, clock())
    except Exception:
        # The line's lease ends, and then the sweep frees it.
        log.exception("a home of run %s could not have its turn", run.pk)


def _change_home(run: runs.Run, line: runs.Line, owner: str, now: datetime) -> None:
    admin = run.carried_by
    assert admin is not None  # slots.take returns lines only while the admin may run
    try:
        device, operation, seen = _operation(run, line, now)
        changes.make(
            actor=admin,
            device=device,
            asked=operation,
            reason=run.name,
            key=f"run-{line.pk}-{line.attempt}",
            seen=seen,
            organization_id=run.organization_id,
            also=partial(_join, run, line, owner),
            now=now,
        )
    except changes.Busy:
        slots.put_off(line=line, owner=owner, now=now)
    except _Held:
        slots.give_back(lines=[line], owner=owner)
    except quota.TooOften:
        _refuse(line, owner, "too_often", eligibility.TOO_OFTEN)
    except permission.ChangeNotPermitted as refusal:
        _refuse(line, owner, "not_permitted", refusal.reason)
    except _Refused as refusal:
        _refuse(line, owner, refusal.why, refusal.sentence)


def _operation(
    run: runs.Run, line: runs.Line, now: datetime
) -> tuple[sites.Device, operations.Ask, str | None]:
    """Return the device, its operation by now, and the fingerprint of the plan that it must have for that."""
    device = line.device
    if device is None or device.gone_at is not None or device.site_id != line.site_id:
        raise _Refused("no_battery", eligibility.NO_BATTERY)
    operation = operations.from_json(run.kind, line.asked)
    if not isinstance(operation, operations.AskPlan):
        return device, operation, None
    left = rules.rest_of(operation.plan, now=now)
    if operation.plan.commands and not left.commands and line.undoes is None:
        raise _Refused("times", TIMES_OVER)
    return device, operations.AskPlan(plan=left), _seen(run, line, device, now)


def _seen(run: runs.Run, line: runs.Line, device: sites.Device, now: datetime) -> str:
    there = state.plan_of(state.last_read(device)) or rules.NO_PLAN
    if line.undoes is not None:
        if not outcomes.same_plan(rules.from_json(line.undoes.asked), there, now=now):
            raise _Refused("changed_since", eligibility.CHANGED_SINCE)
        return rules.fingerprint(there)
    ours = dry_run.our_plans([device.pk], run.organization_id, now=now).get(device.pk)
    verdict = eligibility.of_plan(there, ours=ours, now=now)
    if not verdict.is_eligible:
        raise _Refused(verdict.why, verdict.sentence)
    return rules.fingerprint(there)


def _join(run: runs.Run, line: runs.Line, owner: str, change: models.Change) -> None:
    """Give the line its change, in the transaction that writes the change.

    No other change of this device is under way by then, so all earlier choices of the homeowner are visible.
    """
    if _homeowner_chose(run, change):
        raise _Refused("changed_since", eligibility.CHOSEN_SINCE)
    running = runs.Run.objects.select_for_update().filter(pk=line.run_id, state=R.RUNNING)
    if not running.exists() or not _mine(line, owner).update(change=change):
        raise _Held


def _homeowner_chose(run: runs.Run, change: models.Change) -> bool:
    """Return whether somebody who lives there has changed the mode since the dry run."""
    if run.kind != runs.Run.Kind.MODE or run.checked_at is None:
        return False
    own = models.Change.objects.filter(site=change.site_id, device=change.device_id, consent=None)
    since = own.filter(kind=change.kind, made_at__gte=run.checked_at, sent_at__isnull=False)
    return since.order_by().exists()


def _refuse(line: runs.Line, owner: str, why: str, sentence: str) -> None:
    _mine(line, owner).update(state=S.REFUSED, why=why, sentence=sentence[:300], **leases.released())


def _mine(line: runs.Line, owner: str) -> QuerySet[runs.Line]:
    return runs.Line.objects.filter(pk=line.pk, state=S.TAKEN, lease_owner=owner, change=None)
