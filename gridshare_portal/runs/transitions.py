"""The state transitions of a run: each happens once under concurrent requests, with its audit event."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.audit import names, record
from gridshare_portal.runs import models

R, S = models.Run.State, models.Line.State
TOGETHER = 1_000
STOPPED = "The run was stopped before this home’s turn. Nothing was sent."


class RunRefused(Exception):
    """The action is refused; `reason` is a sentence, `field` names the form's input."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


def may_run(actor: accounts.User | None, organization: accounts.Organization) -> bool:
    """Return whether this person may start, pause and stop the organization's runs now."""
    return actor is not None and staff.may(actor, organization, rights.RUN)


def move(
    *,
    run: models.Run,
    action: str,
    after: Collection[str],
    actor: accounts.User | None,
    now: datetime,
    **written: object,
) -> bool:
    """Update a run that is in one of these states and record the action; return whether it was done here."""
    with transaction.atomic():
        done = bool(models.Run.objects.filter(pk=run.pk, state__in=after).update(**written))
        run.refresh_from_db()
        if done:
            record_action(run=run, action=action, actor=actor, now=now)
    return done


def begin(*, run: models.Run, actor: accounts.User | None, now: datetime) -> bool:
    """Start a checked run; one row, however many lines wait."""
    started = {"state": R.RUNNING, "started_at": now, "start_at": None, "carried_by": actor}
    return move(run=run, action="started", after=[R.CHECKED], actor=actor, now=now, **started)


def stop(
    *,
    run: models.Run,
    after: Collection[str],
    actor: accounts.User | None,
    now: datetime,
    why: str = "",
    sentence: str = "",
) -> bool:
    """Stop a run for good; changes under way settle, the other homes are skipped."""
    with transaction.atomic():
        written = {"state": R.STOPPING, "why": why, "sentence": sentence}
        done = move(run=run, action="stopped", after=after, actor=actor, now=now, **written)
        if done:
            finish(run=run, now=now)
    return done


def finish(*, run: models.Run, now: datetime) -> bool:
    """End a run that has no home left; return whether to call again at once.

    Homes of a stopping run are skipped TOGETHER at a time, so that nobody waits for all of them.
    """
    with transaction.atomic():
        here = models.Run.objects.select_for_update().filter(pk=run.pk).first()
        if here is None or here.state not in (R.RUNNING, R.STOPPING):
            return False
        if here.state == R.STOPPING and _leave_out(here):
            return True
        if here.lines.filter(state__in=(S.WAITING, S.TAKEN)).exists():
            return False
        ended = R.STOPPED if here.state == R.STOPPING else R.DONE
        move(run=run, action="ended", after=[here.state], actor=None, now=now, state=ended, ended_at=now)
    return False


def _leave_out(run: models.Run) -> bool:
    """Skip the next waiting homes; return whether there may be more."""
    waiting = list(run.lines.filter(state=S.WAITING).values_list("pk", flat=True)[:TOGETHER])
    left_out = {"state": S.SKIPPED, "why": "stopped", "sentence": STOPPED}
    models.Line.objects.filter(pk__in=waiting).update(**left_out)
    return len(waiting) == TOGETHER


def record_action(*, run: models.Run, action: str, actor: accounts.User | None, now: datetime) -> None:
    """Add what was done with a run to its organization's audit log."""
    details = {"run": run.name, "number": run.pk, "action": action}
    if run.homes:
        details["homes"] = run.homes
    if run.why:
        details["why"] = run.sentence
    record.add(
        name=names.Name.RUN_CHANGED, at=now, actor=actor, organization=run.organization, details=details
    )
