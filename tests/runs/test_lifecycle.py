"""A run from its draft to its end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.audit import queries as record
from gridshare_portal.control import changes
from gridshare_portal.runs import lifecycle, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.dispatch import slots
from tests import people
from tests.runs.fleet import MODE

pytestmark = pytest.mark.django_db
S = runs.Line.State


class TestADraft:
    def test_has_a_line_for_each_home_and_sends_nothing(self, fleet):
        run = fleet.draft()

        assert (run.state, run.homes) == ("draft", 6) and fleet.states(run) == [S.UNCHECKED] * 6
        assert fleet.sandbox.calls(MODE) == 0

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 121}, "name"),
            ({"canary": -1}, "canary"),
            ({"stop_at_failure_pct": 101}, "stop_at_failure_pct"),
            ({"asked": {"mode": "Party"}}, "asked"),
            ({"asked": []}, "asked"),
            ({"kind": "plan", "asked": {"commands": []}}, "asked"),
            ({"kind": "plan", "asked": {"commands": [{"start": "now"}]}}, "asked"),
        ],
    )
    def test_is_refused_at_the_field_that_is_wrong(self, fleet, asked, field):
        with pytest.raises(transitions.RunRefused) as refused:
            fleet.draft(**asked)

        assert refused.value.field == field and not runs.Run.objects.exists()

    def test_needs_an_admin(self, fleet):
        operator = people.staff("olaf@brightgrid.example", fleet.organization, "operator").user
        with pytest.raises(transitions.RunRefused) as refused:
            fleet.draft(actor=operator)

        assert refused.value.reason == lifecycle.NOT_YOURS and not runs.Run.objects.exists()


class TestARun:
    def test_changes_every_home_that_is_ready_once_and_says_so(self, fleet, lines):
        run = fleet.started()

        fleet.carry(run)

        assert run.state == "done" and run.ended_at and fleet.states(run) == [S.CONFIRMED] * 6
        assert fleet.sandbox.calls(MODE) == 6
        assert {line.outcome_sentence for line in lines()} == {"The device reported Smart mode."}

    def test_is_read_by_each_homeowner_like_any_change_by_staff(self, fleet, lines):
        fleet.carry(fleet.started())

        change = lines()[0].change
        assert change.actor_label == f"{fleet.admin} (BrightGrid)" and change.reason == "Evening peak"
        told = record.events_of_organization(fleet.organization.pk)
        actions = [one.details["action"] for one in told.filter(name="run_changed").order_by("pk")]
        assert actions == ["drafted", "checked", "started", "ended"]

    def test_is_started_once_and_the_other_admin_is_told_by_whom(self, fleet):
        run, same = fleet.checked(), runs.Run.objects.get()
        lifecycle.start(run=run, actor=fleet.admin, now=timezone.now())

        with pytest.raises(transitions.RunRefused) as refused:
            lifecycle.start(run=same, actor=fleet.colleague, now=timezone.now())

        assert refused.value.reason == f"{fleet.admin} has started this run already."
        assert runs.Run.objects.get().carried_by == fleet.admin

    def test_without_a_home_that_is_ready_is_not_started(self, fleet):
        access.Consent.objects.update(right="view")
        run = fleet.checked()

        assert refusal(lifecycle.start, run, fleet) == lifecycle.NOT_READY
        assert runs.Run.objects.get().state == "checked"

    def test_sends_nothing_while_paused_and_goes_on_where_it_was(self, fleet, monkeypatch):
        run = fleet.started()
        real = changes.make

        def make(**asked):
            change = real(**asked)
            if fleet.sandbox.calls(MODE) == 2:
                lifecycle.pause(run=runs.Run.objects.get(), actor=fleet.colleague, now=timezone.now())
            return change

        monkeypatch.setattr(changes, "make", make)
        fleet.carry(run)
        assert run.state == "paused" and fleet.sandbox.calls(MODE) == 2
        assert fleet.states(run) == [S.CONFIRMED] * 2 + [S.WAITING] * 4

        monkeypatch.setattr(changes, "make", real)
        fleet.carry(lifecycle.resume(run=run, actor=fleet.admin, now=timezone.now()))
        assert run.lines.filter(state=S.CONFIRMED).count() == 6 == fleet.sandbox.calls(MODE)

    def test_that_is_stopped_says_which_homes_were_left_alone(self, fleet, lines):
        run = lifecycle.stop(run=fleet.started(canary=2), actor=fleet.admin, now=timezone.now())

        fleet.carry(run)

        assert run.state == "stopped" and {line.why for line in lines()} == {"stopped"}
        assert fleet.sandbox.calls(MODE) == 0
        with pytest.raises(transitions.RunRefused):
            lifecycle.resume(run=run, actor=fleet.admin, now=timezone.now())

    def test_keeps_to_the_pace_of_all_workers_together(self, fleet, settings, now):
        settings.RUNS_PER_MINUTE = 60
        run = fleet.started()

        def taken(owner, after_s):
            at = now + timedelta(seconds=after_s)
            return len(slots.take(run_pk=run.pk, owner=owner, now=at)[1])

        assert (taken("one", 0), taken("another", 0)) == (1, 0)
        assert (taken("another", 1), taken("one", 1)) == (1, 0)
        assert taken("one", 60) == 2  # no more than a burst, however long nobody came

    def test_leaves_workers_for_others(self, fleet):
        for number in (1, 2):
            runs.DispatchSlot.objects.create(
                number=number, lease_owner="busy", lease_until_at=timezone.now() + timedelta(minutes=1)
            )
        run = fleet.started()

        assert not fleet.carry(run) and fleet.sandbox.calls(MODE) == 0


def refusal(action, run, fleet):
    with pytest.raises(transitions.RunRefused) as refused:
        action(run=run, actor=fleet.admin, now=timezone.now())
    return refused.value.reason
