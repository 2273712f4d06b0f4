"""A action about a bulk run costs the same however many homes it has; what is to be done per home, workers do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.runs import lifecycle, sweeps, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs.checks import dry_run

R, S = runs.Run.State, runs.Line.State


def written_lines(asked):
    return [one["sql"] for one in asked if one["sql"].startswith('UPDATE "runs_line"')]


def action(name, fleet, run):
    with CaptureQueriesContext(connection) as asked:
        getattr(lifecycle, name)(run=run, actor=fleet.admin, now=timezone.now())
    return asked


class TestADeed:
    @pytest.mark.parametrize("name", ["start", "check_again"])
    def test_touches_no_home(self, fleet, name):
        run = fleet.checked()

        assert written_lines(action(name, fleet, run).captured_queries) == []

    def test_makes_what_is_ready_wait(self, fleet):
        run = fleet.started()

        assert run_queries.line_counts(run).states == {S.WAITING: 6} and fleet.states(run) == [S.WAITING] * 6
        assert run_queries.lines(run, states=[S.WAITING]).count() == 6
        assert not run_queries.lines(run, states=[S.ELIGIBLE]).exists()

    def test_is_refused_where_no_home_is_ready(self, fleet):
        run = fleet.checked()
        run.lines.update(state=S.SKIPPED)

        with pytest.raises(transitions.RunRefused, match="No home of this run is ready"):
            lifecycle.start(run=run, actor=fleet.admin, now=timezone.now())
        run.refresh_from_db()
        assert run.state == R.CHECKED


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


class TestCheckingAgain:
    @pytest.fixture
    def again(self, fleet, monkeypatch):
        monkeypatch.setattr(dry_run, "BATCH", 2)
        run = fleet.checked()
        return lifecycle.check_again(run=run, actor=fleet.admin, now=timezone.now())

    def test_says_how_far_it_has_come(self, fleet, again):
        assert (
            run_queries.line_counts(again).states == {S.UNCHECKED: 6}
            and fleet.states(again) == [S.UNCHECKED] * 6
        )

        assert dry_run.check(run=again, now=timezone.now())

        again.refresh_from_db()
        assert run_queries.line_counts(again).states == {S.ELIGIBLE: 2, S.UNCHECKED: 4}
        assert [run_queries.lines(again, states=[one]).count() for one in (S.ELIGIBLE, S.UNCHECKED)] == [2, 4]

    def test_judges_each_home_anew(self, fleet, again):
        fleet.consents[5].ended_at = timezone.now()
        fleet.consents[5].save()

        run = fleet.checked(again)

        assert run.state == R.CHECKED and fleet.states(run) == [S.ELIGIBLE] * 5 + [S.SKIPPED]

    def test_goes_on_where_another_worker_came_to(self, fleet, again, monkeypatch):
        real = dry_run._known

        def slow(draft, batch, now):
            monkeypatch.setattr(dry_run, "_known", real)
            assert dry_run.check(run=again, now=now)
            return real(draft, batch, now)

        monkeypatch.setattr(dry_run, "_known", slow)
        assert not dry_run.check(run=again, now=timezone.now())

        again.refresh_from_db()
        assert again.read_to == 2 and again.state == R.DRAFT
        assert fleet.checked(again).state == R.CHECKED
