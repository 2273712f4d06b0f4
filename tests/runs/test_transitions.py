"""An action on a run costs the same however many homes it has; what is to be done per home, workers do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.runs import lifecycle, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries

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

    def test_leaves_what_waits_waiting(self, fleet):
        run = fleet.started()

        assert run_queries.line_counts(run).states == {S.WAITING: 6} and fleet.states(run) == [S.WAITING] * 6
        assert run_queries.lines(run, states=[S.WAITING]).count() == 6

    def test_is_refused_where_no_home_is_ready(self, fleet):
        run = fleet.checked()
        run.lines.update(state=S.SKIPPED)

        with pytest.raises(transitions.RunRefused, match="No home of this run is ready"):
            lifecycle.start(run=run, actor=fleet.admin, now=timezone.now())
        run.refresh_from_db()
        assert run.state == R.CHECKED
