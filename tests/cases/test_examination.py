"""Examinations of real homes, with faults of the pretended Lunar seen through the real fetching."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases import examination, tasks
from gridshare_portal.cases.models import Case, Examination, Note
from gridshare_portal.lunar import models as lunar
from tests import people
from tests.cases.open import actions, causes, open_cases
from tests.readings import fetch
from tests.threads import at_once

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = "getDeviceTelemetry"


class TestAnExaminationOfAHomeThatDoesWell:
    def test_finds_nothing_by_day_and_by_night(self, home, homeowner, sandbox, examined, afternoon):
        for _hours in range(8):
            sandbox.clock.advance(3 * HOUR)
            fetch(homeowner, sandbox.clock.now())
            examined(sandbox.clock.now())

            assert causes(home) == []
        assert Examination.objects.get().learned["solar_hours"]

    def test_happens_only_where_somebody_shares(self, home, neighbor, examined, afternoon):
        assert examined(afternoon) == 1
        assert [row.site for row in Examination.objects.all()] == [home]


class TestAFault:
    def test_of_the_whole_home_is_found_and_closes_itself(
        self, home, homeowner, sandbox, examined, afternoon
    ):
        sandbox.faults.switch_on(ASKED, "silence", since=f"{afternoon:%FT%TZ}")
        sandbox.clock.advance(6 * HOUR)
        fetch(homeowner, sandbox.clock.now())
        examined(sandbox.clock.now())

        assert causes(home) == ["site_silent"]
        case = Case.objects.get()
        assert abs(case.since_at - afternoon) < timedelta(minutes=30)

        sandbox.faults.clear()
        fetch(homeowner, sandbox.clock.now() + HOUR / 2)
        sandbox.clock.advance(HOUR / 2)
        examined(sandbox.clock.now())
        case.refresh_from_db()
        assert (causes(home), case.closed_how) == ([], "gone")
        assert actions(case) == ["opened", "gone"]

    def test_of_one_sensor_is_found_by_name(self, home, homeowner, sandbox, examined, afternoon):
        battery = home.sensors.get(role_found="battery")
        sandbox.faults.switch_on(ASKED, "silence", since=f"{afternoon:%FT%TZ}", sensor=battery.synth_id)
        sandbox.clock.advance(4 * HOUR)
        fetch(homeowner, sandbox.clock.now())
        examined(sandbox.clock.now())

        assert list(open_cases(home)) == [("sensor_silent", battery.synth_id)]

    def test_of_the_solar_is_not_found_at_night_and_is_by_day(
        self, home, homeowner, sandbox, examined, afternoon
    ):
        solar = home.sensors.get(role_found="solar")
        night = afternoon + 8 * HOUR  # 21:40 in Los Angeles
        sandbox.faults.switch_on(ASKED, "silence", since=f"{night:%FT%TZ}", sensor=solar.synth_id)
        for hours, expected in [(9, []), (15, []), (24, ["sensor_silent"])]:
            sandbox.clock.set(afternoon + hours * HOUR)
            fetch(homeowner, sandbox.clock.now())
            examined(sandbox.clock.now())
            assert causes(home) == expected, hours

    def test_of_permission_is_found(self, home, homeowner, sandbox, examined, afternoon):
        people.connect(homeowner.user, "ada", sandbox=sandbox, granted=["lunar/plan.read"], now=afternoon)
        examined(afternoon)

        missing = {subject for cause, subject in open_cases(home) if cause == "scope_missing"}
        assert missing == {"lunar/device.read", "lunar/device.write", "lunar/plan.write"}
        assert open_cases(home)["scope_missing", "lunar/device.read"].severity == 1

    def test_that_lunar_refuses_every_question_is_found(self, home, homeowner, sandbox, examined, afternoon):
        sandbox.faults.switch_on(ASKED, "forbidden_without_code")
        for minutes in (20, 30, 40, 50):
            sandbox.clock.set(afternoon + timedelta(minutes=minutes))
            fetch(homeowner, sandbox.clock.now())
        examined(sandbox.clock.now())

        assert causes(home) == ["refused"]

    def test_that_ended_the_connection_hides_what_it_causes(
        self, home, examined, afternoon, make_case, sunfix
    ):
        silent = make_case(home, sunfix)
        lunar.Connection.objects.update(status="reconnect", status_since_at=afternoon)
        examined(afternoon)

        silent.refresh_from_db()
        assert (causes(home), silent.closed_how) == (["connection_ended"], "hidden")


class TestTheQueue:
    def test_costs_the_same_queries_for_one_home_and_for_many(self, home, sunfix, examined, afternoon):
        examined(afternoon)
        with CaptureQueriesContext(connection) as one:
            examined(afternoon + HOUR / 6)
        for number in range(20):
            site = home.__class__.objects.create(
                synth_id=f"more-{number}", name=f"More {number}", time_zone="UTC", created_at=afternoon - DAY
            )
            reach = home.connection_sites.first()
            site.connection_sites.create(connection=reach.connection, seen_at=afternoon)
            people.share(site, sunfix, access.Consent.objects.first().given_by, now=afternoon - DAY)
        examined(afternoon + 2 * HOUR / 6)
        with CaptureQueriesContext(connection) as many:
            examined(afternoon + 3 * HOUR / 6)

        assert Examination.objects.count() == 21
        assert len(many) <= len(one)

    def test_gives_a_home_to_one_worker_at_a_time(self, home, afternoon):
        examination.enroll(now=afternoon)
        (pk,) = examination.claim(now=afternoon)
        Examination.objects.filter(pk=pk).update(lease_owner="somebody", lease_until_at=afternoon + HOUR)

        assert examination.run(pks=[pk], now=afternoon, owner="me") == 0

    def test_is_taken_up_again_after_a_worker_was_killed(self, home, afternoon, monkeypatch):
        class Killed(BaseException):
            pass

        def die(*_args):
            raise Killed

        lunar.Connection.objects.update(status="reconnect", status_since_at=afternoon)
        examination.enroll(now=afternoon)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(examination, "_settle", die)
            examination.run(pks=examination.claim(now=afternoon), now=afternoon, owner="the dead")
        assert not Case.objects.exists() and not Note.objects.exists()
        assert examination.claim(now=afternoon) == []

        later = afternoon + timedelta(minutes=3)
        assert examination.run(pks=examination.claim(now=later), now=later, owner="the next") == 1
        assert causes(home) == ["connection_ended"]

    def test_writes_nothing_once_the_lease_is_another_s(self, home, afternoon, monkeypatch):
        lunar.Connection.objects.update(status="reconnect", status_since_at=afternoon)
        examination.enroll(now=afternoon)
        gathered = examination.sources.homes

        def slowly(rows, *, now):
            Examination.objects.update(lease_owner="the next")
            return gathered(rows, now=now)

        monkeypatch.setattr(examination.sources, "homes", slowly)
        examination.run(pks=examination.claim(now=afternoon), now=afternoon, owner="the slow")

        assert not Case.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_opens_a_case_once_between_many_workers(self, home):
        afternoon = timezone.now()
        lunar.Connection.objects.update(status="reconnect", status_since_at=afternoon)
        examination.enroll(now=afternoon)
        pks = examination.claim(now=afternoon)
        work = partial(examination.run, pks=pks, now=afternoon)
        at_once(*[partial(work, owner=f"worker {number}") for number in range(4)])

        assert causes(home) == ["connection_ended"] and Note.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, home):
        lunar.Connection.objects.update(status="reconnect", status_since_at=timezone.now())
        tasks.sweep()

        assert causes(home) == ["connection_ended"]
        assert Examination.objects.get().due_at > timezone.now()
        assert accounts.Organization.objects.get().cases.count() == 1
