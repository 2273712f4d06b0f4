"""Workers that are killed and a Lunar in trouble: each home comes to one true end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.control import changes, models, read_back
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.runs import lifecycle, sweeps, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.dispatch import slots, worker
from tests.runs.fleet import MODE

pytestmark = pytest.mark.django_db
S = runs.Line.State
LATER = timedelta(minutes=3)


class Killed(BaseException):
    """A worker that is killed does nothing afterwards; no `except Exception` sees it."""


@pytest.fixture
def kill(monkeypatch):
    """Kill the worker at the third home, before or after something of the command gateway."""

    def at(module, name, *, before):
        real, calls = getattr(module, name), []

        def dying(*args, **kwargs):
            calls.append(name)
            if len(calls) == 3 and before:
                raise Killed
            answer = real(*args, **kwargs)
            if len(calls) == 3:
                raise Killed
            return answer

        monkeypatch.setattr(module, name, dying)

    return at


@pytest.fixture
def carry_until_killed(fleet):
    def carry(run):
        with pytest.raises(Killed):
            fleet.carry(run)
        runs.DispatchSlot.objects.all().delete()  # the killed process gave nothing back; its lease has ended

    return carry


def one_true_end_each(run):
    return all(line.change.outcome == line.state for line in run.lines.select_related("change"))


class TestAKilledWorker:
    def test_that_had_only_taken_homes_is_taken_over(self, fleet, kill, carry_until_killed):
        run = fleet.started()
        kill(changes, "_write", before=True)
        carry_until_killed(run)
        assert fleet.states(run)[2:4] == [S.TAKEN, S.TAKEN]

        sweeps.tidy(now=timezone.now() + LATER)
        fleet.carry(run, after=LATER + slots.DELAY)

        assert fleet.states(run) == [S.CONFIRMED] * 6 and run.state == "done"
        assert fleet.sandbox.calls(MODE) == 6

    def test_before_it_sent_leaves_a_home_that_was_never_sent_to(self, fleet, kill, carry_until_killed):
        run = fleet.started()
        kill(changes, "send", before=True)
        # It is marked as sent by then: nobody can know whether it was.
        carry_until_killed(run)

        self.settle(fleet, run)

        assert fleet.sandbox.calls(MODE) == 5
        assert sorted(fleet.states(run)) == [S.CONFIRMED] * 5 + [S.UNCONFIRMED]

    def test_before_it_marked_the_change_fails_that_home_and_a_retry_sends_it(
        self, fleet, kill, carry_until_killed
    ):
        run = fleet.started()
        kill(changes.permission, "refusal_of", before=True)
        carry_until_killed(run)
        self.settle(fleet, run)
        assert sorted(fleet.states(run)) == [S.CONFIRMED] * 5 + [S.FAILED]
        assert fleet.sandbox.calls(MODE) == 5

        assert lifecycle.retry_failed(run=run, actor=fleet.admin, now=timezone.now()) == 1
        fleet.carry(run)

        assert fleet.states(run) == [S.CONFIRMED] * 6 and fleet.sandbox.calls(MODE) == 6

    def test_after_it_sent_is_settled_by_looks_and_never_sent_again(self, fleet, kill, carry_until_killed):
        run = fleet.started()
        kill(changes, "send", before=False)
        carry_until_killed(run)

        self.settle(fleet, run)
        change = models.Change.objects.get(outcome="unconfirmed")
        read_back.read_again(change_pk=change.pk, now=timezone.now() + 2 * LATER)

        assert fleet.states(run) == [S.CONFIRMED] * 6
        assert fleet.sandbox.calls(MODE) == 6 and one_true_end_each(run)

    def test_that_comes_back_to_life_finds_its_homes_taken(self, fleet):
        run = fleet.started()
        _, mine = slots.take(run_pk=run.pk, owner="a sleeper", now=timezone.now())
        sweeps.tidy(now=timezone.now() + LATER)
        fleet.carry(run, after=LATER + slots.DELAY)

        for line in mine:
            worker._change_home(run, line, "a sleeper", timezone.now() + LATER)

        assert fleet.states(run) == [S.CONFIRMED] * 6
        assert fleet.sandbox.calls(MODE) == 6 == models.Change.objects.count()

    def settle(self, fleet, run):
        read_back.settle_stuck(changes=models.Change.objects.all(), now=timezone.now() + LATER)
        sweeps.tidy(now=timezone.now() + LATER)
        fleet.carry(run, after=LATER + slots.DELAY)


class TestLunarInTrouble:
    def test_that_loses_replies_is_asked_once_and_read_again(self, fleet):
        run = fleet.started()
        fleet.sandbox.faults.lose_reply_to(MODE, times=2)

        fleet.carry(run)

        assert sorted(fleet.states(run)) == [S.CONFIRMED] * 4 + [S.UNCONFIRMED] * 2
        assert run.state == "done" and fleet.sandbox.calls(MODE) == 6
        with pytest.raises(transitions.RunRefused) as refused:
            lifecycle.retry_failed(run=run, actor=fleet.admin, now=timezone.now())
        assert refused.value.reason == lifecycle.NO_FAILED
        for change in models.Change.objects.filter(outcome="unconfirmed"):
            read_back.read_again(change_pk=change.pk, now=timezone.now() + timedelta(minutes=1))
        assert fleet.states(run) == [S.CONFIRMED] * 6 and fleet.sandbox.calls(MODE) == 6

    def test_that_is_busy_for_a_third_holds_the_run_back_until_it_may_go_on(self, fleet):
        run = fleet.started()
        fleet.sandbox.faults.switch_on(MODE, "too_many", times=2, retry_after=60)

        fleet.carry(run)
        assert fleet.states(run).count(S.FAILED) >= 1 and run.state == "running"
        sent = fleet.sandbox.calls(MODE)
        assert not fleet.carry(run) and fleet.sandbox.calls(MODE) == sent

        fleet.sandbox.faults.clear()
        circuit_breaker.forget()
        fleet.carry(run)
        lifecycle.retry_failed(run=run, actor=fleet.admin, now=timezone.now())
        fleet.carry(run)
        assert fleet.states(run) == [S.CONFIRMED] * 6
        assert len(confirmed_sent()) == 6

    def test_that_fails_for_a_third_leaves_those_unconfirmed_or_failed_and_sends_none_twice(self, fleet):
        run = fleet.started()
        fleet.sandbox.faults.switch_on(MODE, "server_error", times=2)

        fleet.carry(run)

        assert fleet.states(run).count(S.CONFIRMED) == 4 and fleet.sandbox.calls(MODE) == 6
        assert one_true_end_each(run)

    def test_that_never_took_some_leaves_those_failed_and_they_are_tried_again(self, fleet):
        run = fleet.started()
        fleet.sandbox.faults.switch_on(MODE, "unavailable", times=2)
        fleet.carry(run)
        assert fleet.states(run).count(S.UNCONFIRMED) == 2

        for change in models.Change.objects.filter(outcome="unconfirmed"):
            read_back.read_again(change_pk=change.pk, now=timezone.now() + timedelta(minutes=3))
        assert sorted(fleet.states(run)) == [S.CONFIRMED] * 4 + [S.FAILED] * 2

        assert lifecycle.retry_failed(run=run, actor=fleet.admin, now=timezone.now()) == 2
        fleet.carry(run)
        assert fleet.states(run) == [S.CONFIRMED] * 6 and fleet.sandbox.calls(MODE) == 8

    def test_that_is_down_is_not_run_against(self, fleet):
        run = fleet.started()
        fleet.sandbox.faults.switch_on("*", "server_error")

        fleet.carry(run)

        assert fleet.states(run).count(S.WAITING) > 0 and run.state == "running"


def confirmed_sent():
    return models.Change.objects.filter(outcome="confirmed", sent_at__isnull=False)
