"""Two admins at the same run at the same time: each action happens once, and whoever came second reads why not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from gridshare_portal.audit import queries as record
from gridshare_portal.control import models, outcomes
from gridshare_portal.control.plans import rules
from gridshare_portal.runs import lifecycle, transitions
from gridshare_portal.runs import models as runs
from tests import environment, plans
from tests.runs import fleet as fleets

pytestmark = pytest.mark.django_db(transaction=True)
S = runs.Line.State


@pytest.fixture
def fleet(db, sandbox, monkeypatch):
    """Two homes, and nobody who carries a run on."""
    monkeypatch.setattr(lifecycle, "wake", lambda *_task: None)
    return fleets.Fleet(sandbox, customers=fleets.CUSTOMERS[:2])


@pytest.fixture
def at_once(fleet, monkeypatch):
    """Let both admins do something when each has read how the run stands and that it may; return what came of it."""

    def at_once(run, *actions):
        both, real = threading.Barrier(len(actions)), transitions.may_run

        def asked(*who):
            answer = real(*who)
            both.wait(10)
            return answer

        def one(action, actor):
            try:
                return action(run=runs.Run.objects.get(pk=run.pk), actor=actor, now=timezone.now())
            except transitions.RunRefused as refusal:
                return refusal.reason
            finally:
                connection.close()

        with monkeypatch.context() as patch, ThreadPoolExecutor(len(actions)) as pool:
            patch.setattr(transitions, "may_run", asked)
            came_of = list(pool.map(one, actions, [fleet.admin, fleet.colleague]))
        run.refresh_from_db()
        return came_of

    return at_once


def actions_of(run):
    told = record.events_of_organization(run.organization_id).filter(name="run_changed").order_by("pk")
    return [one.details["action"] for one in told if one.details["number"] == run.pk]


def refusals(came_of):
    return [one for one in came_of if isinstance(one, str)]


def ended(run, *, states):
    """Let a run be over, with these outcomes at its homes and a change where something was sent."""
    for line, state in zip(run.lines.all(), states, strict=True):
        sent = state != S.FAILED
        change = models.Change.objects.create(
            device=line.device,
            site=line.site,
            kind=run.kind,
            asked=line.asked,
            outcome=state,
            made_at=timezone.now(),
            sent_at=timezone.now() if sent else None,
        )
        runs.Line.objects.filter(pk=line.pk).update(state=state, change=change)
    runs.Run.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now())


def charging():
    plan = plans.charge_now(now=timezone.now(), lasting=timedelta(hours=2))
    return {"kind": "plan", "asked": rules.to_json(plan)}


@pytest.mark.parametrize("_again", range(environment.rounds(quick=1, long=10)))
class TestTwoAdmins:
    def test_start_a_run_once_and_the_second_reads_who_did(self, fleet, at_once, _again):
        run = fleet.checked()
        came_of = at_once(run, lifecycle.start, lifecycle.start)

        [reason] = refusals(came_of)
        assert reason == f"{run.carried_by} has started this run already."
        assert came_of.index(reason) == [fleet.colleague, fleet.admin].index(run.carried_by)
        assert run.state == "running" and fleet.states(run) == [S.WAITING] * 2
        assert actions_of(run).count("started") == 1

    def test_start_it_or_have_it_checked_again_and_never_half_of_each(self, fleet, at_once, _again):
        run = fleet.checked()
        [reason] = refusals(at_once(run, lifecycle.start, lifecycle.check_again))

        assert (run.state, set(fleet.states(run)), reason) in [
            ("running", {S.WAITING}, f"{fleet.admin} has started this run already."),
            ("draft", {S.UNCHECKED}, lifecycle.NOT_CHECKED),
        ]
        assert actions_of(run)[2:] == ["started" if run.state == "running" else "checked again"]

    def test_start_it_or_schedule_it(self, fleet, at_once, _again):
        run = fleet.checked()
        later = partial(lifecycle.schedule, start_at=timezone.now() + timedelta(hours=1))
        came_of = at_once(run, lifecycle.start, later)

        assert run.state == "running" and run.start_at is None and run.carried_by == fleet.admin
        assert refusals(came_of) in ([], [f"{fleet.admin} has started this run already."])
        assert actions_of(run)[2:] in (["scheduled", "started"], ["started"])

    def test_pause_and_stop_it_and_it_is_stopped(self, fleet, at_once, _again):
        run = fleet.started()
        came_of = at_once(run, lifecycle.pause, lifecycle.stop)

        assert run.state == "stopped" and fleet.states(run) == [S.SKIPPED] * 2
        assert refusals(came_of) in ([], ["This run was stopped."])
        assert actions_of(run)[3:] in (["paused", "stopped", "ended"], ["stopped", "ended"])

    def test_resume_and_stop_it_and_it_is_stopped(self, fleet, at_once, _again):
        run = lifecycle.pause(run=fleet.started(), actor=fleet.admin, now=timezone.now())
        at_once(run, lifecycle.resume, lifecycle.stop)

        assert run.state == "stopped" and fleet.states(run) == [S.SKIPPED] * 2

    def test_try_it_again_once(self, fleet, at_once, _again):
        run = fleet.started()
        ended(run, states=[S.FAILED, S.UNCONFIRMED])
        came_of = at_once(run, lifecycle.retry_failed, lifecycle.retry_failed)

        assert sorted(map(str, came_of)) == ["1", f"{run.carried_by} has started this run already."]
        assert [(line.state, line.attempt) for line in run.lines.all()] == [
            (S.WAITING, 2),
            (S.UNCONFIRMED, 1),
        ]
        assert actions_of(run).count("tried again") == 1

    def test_take_it_back_once(self, fleet, at_once, _again):
        run = fleet.started(**charging())
        ended(run, states=[S.CONFIRMED, S.CONFIRMED])
        came_of = at_once(run, lifecycle.cancel, lifecycle.cancel)

        assert refusals(came_of) == [lifecycle.CANCELED_ALREADY]
        assert runs.Run.objects.filter(cancel_of=run).count() == 1

    def test_try_it_again_or_take_it_back_but_take_back_nothing_that_goes_on(self, fleet, at_once, _again):
        run = fleet.started(**charging())
        ended(run, states=[S.FAILED, outcomes.CONFIRMED])
        came_of = at_once(run, lifecycle.retry_failed, lifecycle.cancel)

        assert came_of[0] == 1 and run.state == "running"
        if refusals(came_of):
            assert came_of[1] == lifecycle.STILL_RUNS and not runs.Run.objects.filter(cancel_of=run).exists()
            return
        told = record.events_of_organization(run.organization_id).filter(name="run_changed").order_by("pk")
        last = [(one.details["number"], one.details["action"]) for one in told][-2:]
        assert last == [(came_of[1].pk, "drafted"), (run.pk, "tried again")]  # and not the other way round
