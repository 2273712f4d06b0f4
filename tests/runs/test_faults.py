from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.control import changes, models, operations, read_back
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare.http import circuit_breaker
from gridshare_portal.lunar import models as lunar
from gridshare_portal.runs import lifecycle, sweeps, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.checks import eligibility
from gridshare_portal.runs.dispatch import slots, worker
from tests import plans
from tests.fleet import MODE, PLAN

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

    def test_that_is_down_is_not_run_against(self, fleet):
        run = fleet.started()
        fleet.sandbox.faults.switch_on("*", "server_error")

        fleet.carry(run)

        assert fleet.states(run).count(S.WAITING) > 0 and run.state == "running"


class TestWhatEndsInTheMiddle:
    def test_a_consent_leaves_its_home_alone_and_says_why(self, fleet, lines):
        run = fleet.started()
        access.Consent.objects.filter(pk=fleet.consents[0].pk).update(ended_at=timezone.now())

        fleet.carry(run)

        refused = [line for line in lines() if line.state == S.REFUSED]
        assert [line.site_id for line in refused] == [fleet.consents[0].site_id]
        assert "cannot see this home" in refused[0].told
        assert fleet.sandbox.calls(MODE) == 5

    def test_a_connection_leaves_its_home_alone_and_says_why(self, fleet, lines):
        run = fleet.started()
        lunar.Connection.objects.filter(user=fleet.owners[1].user).update(status="reconnect")

        fleet.carry(run)

        refused = [line for line in lines() if line.state == S.REFUSED]
        assert len(refused) == 1 and "has ended" in refused[0].told
        assert fleet.sandbox.calls(MODE) == 5

    def test_a_consent_between_the_look_and_the_sending_is_seen_too(self, fleet, monkeypatch):
        run = fleet.started()
        real = operations.AskMode.look

        def look(self, client, synth_id):
            access.Consent.objects.filter(pk=fleet.consents[0].pk).update(ended_at=timezone.now())
            return real(self, client, synth_id)

        monkeypatch.setattr(operations.AskMode, "look", look)
        fleet.carry(run)

        assert fleet.states(run).count(S.REFUSED) == 1 and fleet.sandbox.calls(MODE) == 5

    def test_the_admin_s_place_pauses_the_run_until_another_resumes_it(self, fleet):
        run = fleet.started()
        fleet.admin.memberships.all().delete()

        fleet.carry(run)
        assert (run.state, run.why) == ("paused", "no_admin") and fleet.sandbox.calls(MODE) == 0

        lifecycle.resume(run=run, actor=fleet.colleague, now=timezone.now())
        fleet.carry(run)
        assert fleet.states(run) == [S.CONFIRMED] * 6
        assert set(models.Change.objects.values_list("actor", flat=True)) == {fleet.colleague.pk}

    def test_a_homeowner_s_own_change_goes_first(self, fleet, lines):
        run = fleet.started()
        device, owner = lines()[0].device, fleet.owners[0].user
        change = models.Change.objects.create(
            device=device, site=device.site, actor=owner, kind="mode", asked={"mode": "Simple"}, made_at=timezone.now()
        )  # fmt: skip

        fleet.carry(run)
        assert lines()[0].state == S.WAITING and fleet.states(run).count(S.CONFIRMED) == 5

        models.Change.objects.filter(pk=change.pk).update(outcome="confirmed")
        fleet.carry(run, after=slots.DELAY)
        assert fleet.states(run) == [S.CONFIRMED] * 6

    def test_a_mode_that_a_homeowner_chose_since_the_check_is_left_alone(self, fleet, lines):
        run = fleet.started()
        own = operations.AskMode(mode="Schedule")
        changes.make(actor=fleet.owners[0].user, device=lines()[0].device, asked=own, now=timezone.now())

        fleet.carry(run)

        assert (lines()[0].state, lines()[0].told) == (S.REFUSED, eligibility.CHOSEN_SINCE)
        assert fleet.states(run).count(S.CONFIRMED) == 5 and fleet.sandbox.calls(MODE) == 6
        device = fleet.sandbox.world.device(lines()[0].device.synth_id)[1]
        assert fleet.sandbox.world.ledger(device).modes[-1][1] == "Schedule"

    def test_a_mode_that_a_homeowner_chose_before_the_check_is_no_hindrance(self, fleet):
        draft = fleet.draft()
        device = draft.lines.first().site.devices.get()
        own = operations.AskMode(mode="Schedule")
        changes.make(actor=fleet.owners[0].user, device=device, asked=own, now=timezone.now())

        run = lifecycle.start(run=fleet.checked(draft), actor=fleet.admin, now=timezone.now())
        fleet.carry(run)

        assert fleet.states(run) == [S.CONFIRMED] * 6

    def test_a_plan_that_a_homeowner_made_since_is_left_alone(self, fleet, lines):
        now = timezone.now()
        ours = rules.to_json(plans.charge_now(now=now, lasting=timedelta(hours=2)))
        run = fleet.started(kind="plan", asked=ours)
        own = operations.AskPlan(plan=plans.charge_now(now=now, lasting=timedelta(hours=1)))
        changes.make(actor=fleet.owners[0].user, device=lines()[0].device, asked=own, now=now)

        fleet.carry(run)

        assert (lines()[0].state, lines()[0].told) == (S.REFUSED, eligibility.OWN_PLAN)
        assert fleet.sandbox.calls(PLAN) == 6


def confirmed_sent():
    return models.Change.objects.filter(outcome="confirmed", sent_at__isnull=False)
