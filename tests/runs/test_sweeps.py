"""What the sweep starts and ends by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.runs import lifecycle, sweeps, transitions
from gridshare_portal.runs import models as runs

pytestmark = pytest.mark.django_db
R, S = runs.Run.State, runs.Line.State
HOUR = timedelta(hours=1)


class TestASchedule:
    def test_starts_the_run_at_its_time(self, fleet):
        run = fleet.checked()
        lifecycle.schedule(run=run, actor=fleet.admin, start_at=timezone.now() + HOUR, now=timezone.now())

        sweeps.tidy(now=timezone.now())
        assert fleet.states(run) == [S.WAITING] * 6
        sweeps.tidy(now=timezone.now() + HOUR)

        run.refresh_from_db()
        assert run.state == "running" and run.carried_by == fleet.admin
        assert sweeps.carried() == [run.pk, run.pk]

    def test_does_nothing_when_whoever_made_it_has_left(self, fleet):
        run = fleet.checked()
        lifecycle.schedule(run=run, actor=fleet.admin, start_at=timezone.now() + HOUR, now=timezone.now())
        fleet.admin.memberships.all().delete()

        sweeps.tidy(now=timezone.now() + HOUR)

        run.refresh_from_db()
        assert (run.state, run.why, run.start_at) == ("checked", "no_admin", None)

    @pytest.mark.parametrize("ahead", [-HOUR, timedelta(days=31)])
    def test_is_within_a_month(self, fleet, ahead):
        with pytest.raises(transitions.RunRefused) as refused:
            lifecycle.schedule(
                run=fleet.checked(), actor=fleet.admin, start_at=timezone.now() + ahead, now=timezone.now()
            )

        assert refused.value.field == "start_at"


class TestStopping:
    def test_leaves_homes_out_some_at_a_time_until_the_sweep_has_ended_it(self, fleet, monkeypatch):
        monkeypatch.setattr(transitions, "TOGETHER", 2)
        run = lifecycle.stop(run=fleet.started(), actor=fleet.admin, now=timezone.now())
        assert run.state == R.STOPPING and fleet.states(run) == [S.SKIPPED] * 2 + [S.WAITING] * 4

        sweeps.tidy(now=timezone.now())

        run.refresh_from_db()
        assert run.state == R.STOPPED and run.ended_at is not None
        assert {(line.state, line.why) for line in run.lines.all()} == {(S.SKIPPED, "stopped")}

    def test_waits_for_homes_that_are_on_their_way(self, fleet):
        run = fleet.started()
        run.lines.filter(position=6).update(state=S.TAKEN, lease_until_at=timezone.now())

        run = lifecycle.stop(run=run, actor=fleet.admin, now=timezone.now())

        assert run.state == R.STOPPING and fleet.states(run) == [S.SKIPPED] * 5 + [S.TAKEN]
