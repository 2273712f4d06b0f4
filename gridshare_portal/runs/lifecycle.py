"""The actions of a bulk run: ask, check again, start, pause, resume, stop, retry, schedule and cancel.

Each asks whether the person may, is done once whoever asks at the same time, and leaves an event. What
becomes of each home is the workers' part (carrying.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict

from django.db import transaction
from django.db.models import F

from gridshare_portal.accounts import models as accounts
from gridshare_portal.celery import wake
from gridshare_portal.control import operations
from gridshare_portal.control.plans import rules
from gridshare_portal.runs import models, transitions
from gridshare_portal.runs.checks import local_plans
from gridshare_portal.runs.targets import enumeration

R, S, Kind, Times = models.Run.State, models.Line.State, models.Run.Kind, models.Run.Times
LONGEST_NAME = 120
AHEAD_AT_MOST = timedelta(days=30)
CANCELS = "Take back: "

NOT_YOURS = "Only admins start, pause and stop bulk runs."
NOT_READY = "No home of this run is ready, so there is nothing to start."
NO_FAILED = "No home of this run failed before anything was sent, so there is nothing to try again."
NO_PLANS = "Only plans can be taken back. To change modes back, make a new run."
NOTHING_SENT = "This run sent no plan that could be taken back."
STILL_RUNS = "Stop the run first, then take it back."
ON_THEIR_WAY = "Some homes of this run are still on their way. Take it back when they have come to their end."
NOT_READ = "The homes of this run are still being found. Try again in a moment."
NOT_CHECKED = "The homes are still being checked. Try again in a moment."
CANCELED_ALREADY = "This run is being taken back already."
STANDS: dict[str, str] = {
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
    """What is asked of homes, by whom; see ask."""

    organization: accounts.Organization
    actor: accounts.User
    name: str
    kind: str
    asked: Mapping[str, object]
    times: NotRequired[str]
    canary: NotRequired[int]
    stop_at_failure_pct: NotRequired[int]


def ask(
    *,
    organization: accounts.Organization,
    actor: accounts.User,
    name: str,
    kind: str,
    asked: Mapping[str, object],
    times: str = Times.ABSOLUTE,
    canary: int = 0,
    stop_at_failure_pct: int = 100,
    now: datetime,
) -> models.Run:
    """Write down what is asked; whoever calls enumeration.read finds out in the worker of which homes."""
    _ask(actor, organization)
    _ask_terms(name, canary, stop_at_failure_pct)
    _ask_wish(kind, times, asked, now)
    run = models.Run(
        organization=organization,
        made_by=actor,
        name=name.strip(),
        kind=kind,
        asked=asked,
        times=times,
        canary=canary,
        stop_at_failure_pct=stop_at_failure_pct,
        made_at=now,
    )
    return enumeration.open(run=run, now=now)


def check_again(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Check every home of a run once more before it is started."""
    _ask(actor, run.organization)
    with transaction.atomic():
        again = {"state": R.DRAFT, "checked_at": None, "read_to": 0}
        _move(run, "checked again", [R.CHECKED], actor, now, **again)
        wake("runs.tasks.check_run", run.pk)
    return _fresh(run)


def start(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Start a run that was checked."""
    _ask(actor, run.organization)
    with transaction.atomic():
        if not transitions.begin(run=run, actor=actor, now=now):
            raise transitions.RunRefused(_why_not(run))
        if not run.lines.filter(state=S.WAITING).exists():
            raise transitions.RunRefused(NOT_READY)
    wake("runs.tasks.carry_run", run.pk)
    return _fresh(run)


def pause(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Pause a run: what is on its way comes to its end, and nothing more is sent."""
    _ask(actor, run.organization)
    _move(run, "paused", [R.RUNNING], actor, now, state=R.PAUSED, why="", sentence="")
    return _fresh(run)


def resume(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Let a paused run go on, in the name of whoever resumes it."""
    _ask(actor, run.organization)
    goes_on = {"state": R.RUNNING, "carried_by": actor, "why": "", "sentence": ""}
    if run.why == "canary_unknown":
        goes_on["canary_passed_at"] = now
    _move(run, "resumed", [R.PAUSED], actor, now, **goes_on)
    wake("runs.tasks.carry_run", run.pk)
    return _fresh(run)


def stop(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Stop a run for good."""
    _ask(actor, run.organization)
    if not transitions.stop(run=run, after=[R.RUNNING, R.PAUSED], actor=actor, now=now):
        raise transitions.RunRefused(_why_not(run))
    return _fresh(run)


def retry_failed(*, run: models.Run, actor: accounts.User, now: datetime) -> int:
    """Give the homes where nothing was sent another turn; return how many. What is unconfirmed stays."""
    _ask(actor, run.organization)
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
    """Have a checked run start by itself at a moment, or, with None, no longer."""
    _ask(actor, run.organization)
    if start_at is not None and not now < start_at <= now + AHEAD_AT_MOST:
        raise transitions.RunRefused("Choose a moment within the next 30 days.", field="start_at")
    action = "scheduled" if start_at else "schedule taken back"
    _move(run, action, [R.CHECKED], actor, now, start_at=start_at, carried_by=actor)
    return _fresh(run)


def cancel(*, run: models.Run, actor: accounts.User, now: datetime) -> models.Run:
    """Draft a run that puts back what was there before, where a plan is still the one that this run set."""
    _ask(actor, run.organization)
    undoing = models.Run(
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
        # Whoever else takes the same run back, or lets it go on, waits here, and then finds it so.
        _ask_undoing(models.Run.objects.select_for_update().get(pk=run.pk))
        enumeration.open(run=undoing, now=now)
        wake("runs.tasks.read_canceled", undoing.pk)
    return _fresh(undoing)


def _ask_undoing(run: models.Run) -> None:
    """Refuse to take back what sets no plans, still runs, sent nothing or is taken back already."""
    if run.kind != Kind.PLAN:
        raise transitions.RunRefused(NO_PLANS)
    if run.state not in (R.DONE, R.STOPPED, R.PAUSED):
        raise transitions.RunRefused(STILL_RUNS if run.state in (R.RUNNING, R.STOPPING) else NOTHING_SENT)
    if run.lines.filter(state=S.TAKEN).exists():
        raise transitions.RunRefused(ON_THEIR_WAY)
    if not enumeration.sent(run).exists():
        raise transitions.RunRefused(NOTHING_SENT)
    # What one that has ended left as it was, or this run sent after it, may be taken back once more.
    if models.Run.objects.filter(cancel_of=run).exclude(state__in=[R.STOPPED, R.VOID, R.DONE]).exists():
        raise transitions.RunRefused(CANCELED_ALREADY)


def _ask(actor: accounts.User, organization: accounts.Organization) -> None:
    if not transitions.may_run(actor, organization):
        raise transitions.RunRefused(NOT_YOURS)


def _ask_terms(name: str, canary: int, stop_at_failure_pct: int) -> None:
    if not name.strip():
        raise transitions.RunRefused("Give the run a name. Homeowners read it as the reason.", field="name")
    if len(name.strip()) > LONGEST_NAME:
        raise transitions.RunRefused(f"Use at most {LONGEST_NAME} characters.", field="name")
    if not 0 <= canary <= enumeration.HOMES_AT_MOST:
        raise transitions.RunRefused("Choose how many homes go first: 0 or more.", field="canary")
    if not 0 <= stop_at_failure_pct <= 100:
        raise transitions.RunRefused("Choose a share between 0 and 100 percent.", field="stop_at_failure_pct")


def _ask_wish(kind: str, times: str, asked: Any, now: datetime) -> None:
    """Refuse what no home could do; what stands in the way at some homes is found by the check."""
    try:
        if kind == Kind.MODE:
            operations.AskMode(mode=asked["mode"])
            return
        if times == Times.LOCAL:
            fault = "" if local_plans.from_json(asked) else "Add at least one row."
        else:
            plan = rules.from_json(asked)
            fault = rules.fault_of(plan, now=now) if plan.commands else "Add at least one row."
    except (AttributeError, KeyError, TypeError, ValueError):
        raise transitions.RunRefused(
            "This is not something that can be asked of a home.", field="asked"
        ) from None
    if fault:
        raise transitions.RunRefused(fault, field="asked")


def _move(
    run: models.Run,
    action: str,
    after: Collection[str],
    actor: accounts.User,
    now: datetime,
    **written: object,
) -> None:
    if not transitions.move(run=run, action=action, after=after, actor=actor, now=now, **written):
        raise transitions.RunRefused(_why_not(run))


def _why_not(run: models.Run) -> str:
    """Return why a action came too late or too early, from where the run stands by now."""
    run.refresh_from_db()
    who = run.carried_by or "Somebody"
    if run.state == R.RUNNING:
        return f"{who} has started this run already."
    return STANDS[run.state]


def _fresh(run: models.Run) -> models.Run:
    run.refresh_from_db()
    return run
