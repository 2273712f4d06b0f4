"""A worker of a bulk run: home after home through control.changes, until its time is over.

A line and its change become one in the very transaction that writes the wish, and only while the run is
running and the line is this worker's. So no home's wish is ever written twice, and none after a pause.
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

from gridshare_portal.control import changes, models, operations, outcomes, permission, state
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
    """The home is left alone; why is a word, the text a sentence."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.why, self.sentence = why, sentence


def carry(*, run_pk: int, owner: str, clock: Clock, for_s: float, side_by_side: int = 1) -> bool:
    """Carry a run on for so long, so many homes at once; say whether there is more to do at once."""
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
    """Carry the next few homes; say whether it is worth going on."""
    at_work.until_some_are_free()
    if _lunar_is_down():
        return False
    run, lines = slots.take(run_pk=run_pk, owner=owner, now=clock())
    if run is None:
        # What is under way may be what the others wait for, as after the first homes.
        if at_work.until_all_is_done():
            return True
        _finish(run_pk, clock())
        return False
    if not lines:
        time.sleep(PAUSE_S)
    for line in lines:
        at_work.give(partial(_have_its_turn, run, line, owner, clock, until_s))
    return True


def _have_its_turn(run: runs.Run, line: runs.Line, owner: str, clock: Clock, until_s: float) -> None:
    """Carry one home, unless the time is over; what goes wrong with it is no other home's trouble."""
    try:
        if time.monotonic() >= until_s or _lunar_is_down():
            slots.give_back(lines=[line], owner=owner)
        else:
            _carry_one(run, line, owner, clock())
    except Exception:
        # Its lease ends, and then it is looked after by what stands in the rows.
        log.exception("a home of run %s could not have its turn", run.pk)


def _lunar_is_down() -> bool:
    return circuit_breaker.for_host(urlsplit(settings.GRIDSHARE_URL).netloc).closed_for_s() > 0


def _carry_one(run: runs.Run, line: runs.Line, owner: str, now: datetime) -> None:
    admin = run.carried_by
    assert admin is not None  # slots.take gives homes only while an admin stands behind the run
    try:
        device, asked, seen = _wish(run, line, now)
        changes.make(
            actor=admin,
            device=device,
            asked=asked,
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
    except permission.ChangeNotPermitted as refusal:
        _refuse(line, owner, "not_permitted", refusal.reason)
    except _Refused as refusal:
        _refuse(line, owner, refusal.why, refusal.sentence)


def _wish(run: runs.Run, line: runs.Line, now: datetime) -> tuple[sites.Device, operations.Ask, str | None]:
    """Return what is asked of this home by now, and the print of the plan it must have for that."""
    device = line.device
    if device is None or device.gone_at is not None or device.site_id != line.site_id:
        raise _Refused("no_battery", eligibility.NO_BATTERY)
    asked = operations.from_json(run.kind, line.asked)
    if not isinstance(asked, operations.AskPlan):
        return device, asked, None
    left = rules.rest_of(asked.plan, now=now)
    if asked.plan.commands and not left.commands and line.undoes is None:
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
    """Make the wish the line's own, in the transaction that writes it.

    By then no other change of this device is on its way, so what a homeowner chose before is all there.
    """
    if _homeowner_chose(run, change):
        raise _Refused("changed_since", eligibility.CHOSEN_SINCE)
    running = runs.Run.objects.select_for_update().filter(pk=line.run_id, state=R.RUNNING)
    mine = runs.Line.objects.filter(pk=line.pk, state=S.TAKEN, lease_owner=owner, change=None)
    if not running.exists() or not mine.update(change=change):
        raise _Held


def _homeowner_chose(run: runs.Run, change: models.Change) -> bool:
    """Say whether somebody who lives there has changed the mode since the homes were checked."""
    if run.kind != runs.Run.Kind.MODE or run.checked_at is None:
        return False
    theirs = models.Change.objects.filter(
        site=change.site_id, device=change.device_id, kind=change.kind, consent=None
    )
    return theirs.filter(made_at__gte=run.checked_at, sent_at__isnull=False).order_by().exists()


def _refuse(line: runs.Line, owner: str, why: str, sentence: str) -> None:
    mine = runs.Line.objects.filter(pk=line.pk, state=S.TAKEN, lease_owner=owner, change=None)
    mine.update(state=S.REFUSED, why=why, sentence=sentence[:300], **leases.released())


def _finish(run_pk: int, now: datetime) -> None:
    with transaction.atomic():
        run = runs.Run.objects.filter(pk=run_pk).select_related("organization").first()
        if run is not None:
            transitions.finish(run=run, now=now)
