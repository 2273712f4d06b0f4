"""The actions on a bulk run: check again, start, pause, resume, stop, retry, schedule and cancel.

Each checks the person's right, happens once under concurrent requests and leaves an audit event. The workers
in runs.dispatch do the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict, Unpack

from django.db import transaction
from django.db.models import F

from gridshare_portal.accounts import models as accounts
from gridshare_portal.celery import wake
from gridshare_portal.control import operations
from gridshare_portal.control.plans import rules
from gridshare_portal.runs import models, transitions
from gridshare_portal.runs.checks import local_plans
from gridshare_portal.runs.targets import enumeration
from gridshare_portal.sites import clients

R, S, Kind, Times = models.Run.State, models.Line.State, models.Run.Kind, models.Run.Times
LONGEST_NAME = 120
AHEAD_AT_MOST = timedelta(days=30)
CANCELS = "Take back: "

NOT_YOURS = "Only admins start, pause and stop bulk runs."
NOT_READY = "No home of this run is ready, so there is nothing to start."
NO_FAILED = "No home of this run failed, so there is nothing to try again."
NO_PLANS = "Only plans can be taken back. To change modes back, make a new run."
NOTHING_SENT = "This run sent no plan that could be taken back."
STILL_RUNS = "Stop the run first, then take it back."
ON_THEIR_WAY = "Some homes of this run are still on their way. Take it back when they have come to their end."
NOT_READ = "The homes of this run are still being found. Try again in a moment."
NOT_CHECKED = "The homes are still being checked. Try again in a moment."
CANCELED_ALREADY = "This run is being taken back already."
REFUSED_IN: dict[str, str] = {
    R.READING: NOT_READ,
    R.VOID: "This run came to nothing: it has no homes.",
    R.DRAFT: NOT_CHECKED,
    R.CHECKED: "This run has not been started.",
    R.PAUSED: "This run is paused.",
    R.STOPPING: "This run is being stopped.",
    R.STOPPED: "This run was stopped.",
    R.DONE: "This run is done.",
}


class RunTerms(TypedDict):
    """The terms of a run, as `ask` takes them."""

    organization: accounts.Organization
    actor: accounts.User
    name: str
    kind: str
    asked: Mapping[str, object]
    times: NotRequired[str]
    canary: NotRequired[int]
    stop_at_failure_pct: NotRequired[int]


def ask(*, now: datetime, **terms: Unpack[RunTerms]) -> models.Run:
    """Make a run whose homes are still to be found by the worker; raises transitions.RunRefused."""
    _require_right(terms["actor"], terms["organization"])
    kept: dict[str, Any] = {name: value for name, value in terms.items() if name != "actor"}
    run = models.Run(**kept, made_by=terms["actor"], made_at=now)
    run.name = run.name.strip()
    _check_terms(run)
    _check_operation(run, now)
    return enumeration.open(run=run, now=now)


def check_again(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Reset a checked run to a draft and wake its dry run."""
    _require_right(actor, run.organization)
    with transaction.atomic():
        again = {"state": R.DRAFT, "checked_at": None, "read_to": 0}
        _move(run, "checked again", [R.CHECKED], actor, now, **again)
        wake("runs.tasks.check_run", run.pk)
    return _fresh(run)


def start(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Start a checked run."""
    _require_right(actor, run.organization)
    with transaction.atomic():
        if not transitions.begin(run=run, actor=actor, now=now):
            raise transitions.RunRefused(_why_not(run))
        if not run.lines.filter(state=S.WAITING).exists():
            raise transitions.RunRefused(NOT_READY)
    wake("runs.tasks.carry_run", run.pk)
    return _fresh(run)


def pause(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Pause a run: changes under way settle, and nothing more is sent."""
    _require_right(actor, run.organization)
    return _move(run, "paused", [R.RUNNING], actor, now, state=R.PAUSED, why="", sentence="")


def resume(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Resume a paused run in the name of this admin."""
    _require_right(actor, run.organization)
    goes_on = {"state": R.RUNNING, "carried_by": actor, "why": "", "sentence": ""}
    if run.why == "canary_unknown":
        goes_on["canary_passed_at"] = now
    _move(run, "resumed", [R.PAUSED], actor, now, **goes_on)
    wake("runs.tasks.carry_run", run.pk)
    return _fresh(run)


def stop(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Stop a run for good; raises transitions.RunRefused where it cannot be stopped."""
    _require_right(actor, run.organization)
    if not transitions.stop(run=run, after=[R.RUNNING, R.PAUSED], actor=actor, now=now):
        raise transitions.RunRefused(_why_not(run))
    return _fresh(run)


def retry_failed(*, run: models.Run, actor: accounts.User, now: datetime) -> int:
    """Retry the homes where nothing was sent or nothing took; return how many. Others are left alone."""
    _require_right(actor, run.organization)
    with transaction.atomic():
        again = {"state": R.RUNNING, "carried_by": actor, "ended_at": None, "why": "", "sentence": ""}
        _move(run, "tried again", [R.DONE, R.STOPPED, R.PAUSED], actor, now, **again)
        failed = run.lines.filter(state=S.FAILED)
        fresh = {"state": S.WAITING, "change": None, "why": "", "sentence": "", "due_at": None, "delays": 0}
        homes = failed.update(attempt=F("attempt") + 1, **fresh)
        if not homes:
            raise transitions.RunRefused(NO_FAILED)
        wake("runs.tasks.carry_run", run.pk)
    return homes


def schedule(
    *, run: models.Run, actor: accounts.User, start_at: datetime | None, now: datetime
) -> models.Run:
    """Have a checked run start at `start_at` (UTC), or, with None, no longer."""
    _require_right(actor, run.organization)
    if start_at is not None and not now < start_at <= now + AHEAD_AT_MOST:
        raise transitions.RunRefused("Choose a moment within the next 30 days.", field="start_at")
    action = "scheduled" if start_at else "schedule taken back"
    return _move(run, action, [R.CHECKED], actor, now, start_at=start_at, carried_by=actor)


def cancel(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Draft a run that restores the plans from before, where the device still has the one that this run
    set.
    """
    _require_right(actor, run.organization)
    canceling = models.Run(
        organization=run.organization,
        made_by=actor,
        name=(CANCELS + run.name)[:LONGEST_NAME],
        kind=run.kind,
        asked=run.asked,
        times=run.times,
        cancel_of=run,
        made_at=now,
    )
    with transaction.atomic():
        # The lock makes concurrent cancels and resumes of the same run wait here.
        _check_can_cancel(models.Run.objects.select_for_update().get(pk=run.pk))
        enumeration.open(run=canceling, now=now)
        wake("runs.tasks.read_canceled", canceling.pk)
    return _fresh(canceling)


def _check_can_cancel(run: models.Run) -> None:
    if run.kind != Kind.PLAN:
        raise transitions.RunRefused(NO_PLANS)
    if run.state not in (R.DONE, R.STOPPED, R.PAUSED):
        raise transitions.RunRefused(STILL_RUNS if run.state in (R.RUNNING, R.STOPPING) else NOTHING_SENT)
    if run.lines.filter(state=S.TAKEN).exists():
        raise transitions.RunRefused(ON_THEIR_WAY)
    if not enumeration.sent(run).exists():
        raise transitions.RunRefused(NOTHING_SENT)
    # A cancel that has ended may have left plans, or this run was resumed since: it may be canceled again.
    if models.Run.objects.filter(cancel_of=run).exclude(state__in=[R.STOPPED, R.VOID, R.DONE]).exists():
        raise transitions.RunRefused(CANCELED_ALREADY)


def _require_right(actor: accounts.User, organization: accounts.Organization) -> None:
    if not transitions.may_run(actor, organization):
        raise transitions.RunRefused(NOT_YOURS)


def _check_terms(run: models.Run) -> None:
    if not run.name:
        raise transitions.RunRefused("Give the run a name. Homeowners read it as the reason.", field="name")
    if len(run.name) > LONGEST_NAME:
        raise transitions.RunRefused(f"Use at most {LONGEST_NAME} characters.", field="name")
    if not 0 <= run.canary <= enumeration.HOMES_AT_MOST:
        raise transitions.RunRefused("Choose how many homes go first: 0 or more.", field="canary")
    if not 0 <= run.stop_at_failure_pct <= 100:
        raise transitions.RunRefused("Choose a share between 0 and 100 percent.", field="stop_at_failure_pct")


def _check_operation(run: models.Run, now: datetime) -> None:
    """Refuse what no home could do; obstacles at single homes are the dry run's part."""
    try:
        if run.kind == Kind.MODE:
            operations.AskMode(mode=run.asked["mode"])
            return
        if run.times == Times.LOCAL:
            fault = "" if local_plans.from_json(run.asked) else "Add at least one row."
        else:
            plan = rules.from_json(run.asked)
            words = clients.plan_words()
            fault = rules.fault_of(plan, now=now, words=words) if plan.commands else "Add at least one row."
    except (AttributeError, KeyError, TypeError, ValueError):
        sentence = "This is not something that can be asked of a home."
        raise transitions.RunRefused(sentence, field="asked") from None
    if fault:
        raise transitions.RunRefused(fault, field="asked")


def _move(
    run: models.Run,
    action: str,
    after: Collection[str],
    actor: accounts.User,
    now: datetime,
    **written: object,
) -> models.Run:
    if not transitions.move(run=run, action=action, after=after, actor=actor, now=now, **written):
        raise transitions.RunRefused(_why_not(run))
    return run


def _why_not(run: models.Run) -> str:
    run.refresh_from_db()
    if run.state == R.RUNNING:
        return f"{run.carried_by or 'Somebody'} has started this run already."
    return REFUSED_IN[run.state]


def _fresh(run: models.Run) -> models.Run:
    run.refresh_from_db()
    return run
