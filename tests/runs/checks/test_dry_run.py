"""The check of each home before a run starts, and checking again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.control import models
from gridshare_portal.control.plans import rules
from gridshare_portal.lunar import models as lunar
from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs.checks import dry_run, local_plans
from gridshare_portal.sites import models as sites
from tests.runs.fleet import MODE, PLAN

R, S = runs.Run.State, runs.Line.State


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
        assert run_queries.line_counts(again).states == {S.WAITING: 2, S.UNCHECKED: 4}
        assert [run_queries.lines(again, states=[one]).count() for one in (S.WAITING, S.UNCHECKED)] == [2, 4]

    def test_judges_each_home_anew(self, fleet, again):
        fleet.consents[5].ended_at = timezone.now()
        fleet.consents[5].save()

        run = fleet.checked(again)

        assert run.state == R.CHECKED and fleet.states(run) == [S.WAITING] * 5 + [S.SKIPPED]

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


pytestmark = pytest.mark.django_db


HOUR = timedelta(hours=1)


class TestTheDryRun:
    def test_says_for_each_home_what_stands_in_the_way(self, fleet, lines):
        first, second, third, fourth, fifth, _ = (line.site for line in self.drafted(fleet, lines))
        access.Consent.objects.filter(site=first).update(ended_at=timezone.now())
        access.Consent.objects.filter(site=second).update(right="view")
        access.Consent.objects.filter(site=third).update(ask_first=True)
        lunar.Connection.objects.filter(connection_sites__site=fourth).update(status="reconnect")
        lunar.Connection.objects.filter(connection_sites__site=fifth).update(scopes="lunar/device.read")

        run = fleet.checked(runs.Run.objects.get())

        found = [line.why for line in lines()]
        assert found == ["no_consent", "view_only", "ask_first", "connection_ended", "no_scope", ""]
        assert run_queries.line_counts(run).skipped == dict.fromkeys(found[:5], 1)
        assert run.state == "checked" and sum(fleet.sandbox.calls(name) for name in (MODE, PLAN)) == 0

    def test_knows_homes_by_what_was_last_read(self, fleet, lines):
        homes = [line.site for line in self.drafted(fleet, lines)]
        devices = [sites.Device.objects.get(site=home, sensors__role_found="battery") for home in homes[1:4]]
        lunar.Connection.objects.filter(connection_sites__site=homes[0]).update(
            last_read_at=timezone.now() - timedelta(hours=30)
        )
        models.State.objects.create(device=devices[0], mode="Unknown", mode_read_at=timezone.now())
        models.State.objects.create(device=devices[1], mode="Smart", mode_read_at=timezone.now())
        models.Change.objects.create(
            device=devices[2], site=homes[3], kind="mode", asked={"mode": "Simple"}, made_at=timezone.now()
        )
        sites.Sensor.objects.filter(site=homes[4], role_found="battery").update(role_set="unknown")
        sites.Device.objects.filter(site=homes[4]).update(kind="")

        fleet.checked(runs.Run.objects.get())

        found = [line.why for line in lines()]
        assert found == ["stale", "unknown_mode", "already_so", "changing", "no_battery", ""]

    def test_costs_the_same_for_one_home_as_for_many(self, fleet):
        one = fleet.draft(sites=fleet.homes.filter(pk=fleet.consents[0].site_id))
        many = fleet.draft()

        counts = []
        for run in (one, many):
            with CaptureQueriesContext(connection) as asked:
                dry_run.check(run=run, now=timezone.now())
            counts.append(len(asked))

        assert counts[0] == counts[1] < 20

    def test_that_was_overtaken_writes_nothing_into_a_run_that_was_started(self, fleet, monkeypatch):
        run = fleet.draft()
        real = dry_run._known

        def slow(draft, batch, now):
            known = real(draft, batch, now)
            monkeypatch.setattr(dry_run, "_known", real)
            lifecycle.start(run=fleet.checked(run), actor=fleet.admin, now=timezone.now())
            return known

        monkeypatch.setattr(dry_run, "_known", slow)
        assert not dry_run.check(run=run, now=timezone.now())

        assert fleet.states(run) == [S.WAITING] * 6

    def test_takes_a_plan_by_each_home_s_own_clock(self, fleet, lines):
        at = (timezone.now() + timedelta(days=1)).replace(
            hour=17, minute=0, second=0, microsecond=0, tzinfo=None
        )
        row = rules.TypedCommand(start=at, end=at + 3 * HOUR, action="discharge")
        run = fleet.draft(kind="plan", times="local", asked=local_plans.to_json([row]))
        far, near = lines()[0].site, lines()[1].site
        sites.Site.objects.filter(pk=far.pk).update(time_zone="America/New_York")

        fleet.checked(run)

        starts = [rules.from_json(line.asked).commands[0].start for line in lines()[:2]]
        assert starts[1] - starts[0] == 3 * HOUR and near.time_zone == "America/Los_Angeles"

    def drafted(self, fleet, lines):
        fleet.draft()
        return lines()
