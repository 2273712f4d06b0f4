"""A few homes go first, and too many failures stop a run."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.control import models, read_back
from gridshare_portal.lunar import models as lunar
from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from tests.runs.fleet import MODE

pytestmark = pytest.mark.django_db
S = runs.Line.State


class TestTheFirstHomes:
    def test_are_waited_for_and_the_rest_follows(self, fleet):
        run = fleet.started(canary=2, stop_at_failure_pct=20)
        fleet.sandbox.faults.lose_reply_to(MODE, times=1)

        fleet.carry(run)
        assert fleet.sandbox.calls(MODE) == 2 and run.canary_passed_at is None

        change = models.Change.objects.get(outcome="unconfirmed")
        read_back.read_again(change_pk=change.pk, now=timezone.now() + timedelta(minutes=2))
        fleet.carry(run)
        assert fleet.sandbox.calls(MODE) == 6 and fleet.states(run) == [S.CONFIRMED] * 6

    def test_stop_the_run_when_too_many_of_them_fail(self, fleet):
        run = fleet.started(canary=2, stop_at_failure_pct=20)
        lunar.Connection.objects.filter(user=fleet.owners[0].user).update(status="reconnect")

        fleet.carry(run)

        assert (run.state, run.why) == ("stopped", "failures")
        assert run.sentence.startswith("1 of 2 homes") and fleet.sandbox.calls(MODE) == 1

    def test_of_which_nobody_knows_leave_it_to_a_person(self, fleet):
        run = fleet.started(canary=1)
        fleet.sandbox.faults.lose_reply_to(MODE, times=1)
        fleet.carry(run)
        models.Change.objects.update(read_again_at=None)

        fleet.carry(run)
        assert (run.state, run.why) == ("paused", "canary_unknown") and fleet.sandbox.calls(MODE) == 1

        fleet.carry(lifecycle.resume(run=run, actor=fleet.admin, now=timezone.now()))
        assert fleet.sandbox.calls(MODE) == 6
