"""Examinations of real homes, with faults of the pretended Lunar seen through the real fetching."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db import connections as databases
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases import examination, handling, tasks
from gridshare_portal.cases.models import Case, Examination, Note
from gridshare_portal.lunar import models as lunar
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection
from tests import people

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = "getDeviceTelemetry"


def fetch(visitor, now):
    circuit_breaker.forget()
    row = Collection.objects.filter(site=visitor.site)
    free = {"due_at": now, "lease_owner": "", "lease_until_at": None}
    row.update(goal=(now - 12 * DAY).date(), **free)
    collect.run(collection_pk=row.get().pk, now=now, owner="the test", seconds=60)


def open_cases(site):
    return {(case.cause, case.subject): case for case in Case.objects.filter(site=site, closed_at=None)}


def causes(site):
    return sorted(cause for cause, _subject in open_cases(site))


def actions(case):
    return list(case.notes.order_by("at", "pk").values_list("action", flat=True))


@pytest.fixture
def now(sandbox):
    moment = sandbox.clock.now().replace(hour=20, minute=40, second=0, microsecond=0)  # 13:40 in Los Angeles
    sandbox.clock.set(moment)
    return moment


@pytest.fixture
def home(homeowner, sunfix, now):
    """The homeowner's home, known for a while, with its readings, shared with SunFix."""
    homeowner.site.__class__.objects.update(created_at=now - 30 * DAY)
    access.Consent.objects.update(from_at=now - 30 * DAY)
    fetch(homeowner, now)
    return homeowner.site


class TestAnExaminationOfAHomeThatDoesWell:
    def test_finds_nothing_by_day_and_by_night(self, home, homeowner, sandbox, examined, now):
        for _hours in range(8):
            sandbox.clock.advance(3 * HOUR)
            fetch(homeowner, sandbox.clock.now())
            examined(sandbox.clock.now())

            assert causes(home) == []
        assert Examination.objects.get().learned["solar_hours"]

    def test_happens_only_where_somebody_shares(self, home, neighbor, examined, now):
        assert examined(now) == 1
        assert [row.site for row in Examination.objects.all()] == [home]


class TestAFault:
    def test_of_the_whole_home_is_found_and_closes_itself(self, home, homeowner, sandbox, examined, now):
        sandbox.faults.switch_on(ASKED, "silence", since=f"{now:%FT%TZ}")
        sandbox.clock.advance(6 * HOUR)
        fetch(homeowner, sandbox.clock.now())
        examined(sandbox.clock.now())

        assert causes(home) == ["site_silent"]
        case = Case.objects.get()
        assert abs(case.since_at - now) < timedelta(minutes=30)

        sandbox.faults.clear()
        fetch(homeowner, sandbox.clock.now() + HOUR / 2)
        sandbox.clock.advance(HOUR / 2)
        examined(sandbox.clock.now())
        case.refresh_from_db()
        assert (causes(home), case.closed_how) == ([], "gone")
        assert actions(case) == ["opened", "gone"]

    def test_of_one_sensor_is_found_by_name(self, home, homeowner, sandbox, examined, now):
        battery = home.sensors.get(role_found="battery")
        sandbox.faults.switch_on(ASKED, "silence", since=f"{now:%FT%TZ}", sensor=battery.synth_id)
        sandbox.clock.advance(4 * HOUR)
        fetch(homeowner, sandbox.clock.now())
        examined(sandbox.clock.now())

        assert list(open_cases(home)) == [("sensor_silent", battery.synth_id)]

    def test_of_the_solar_is_not_found_at_night_and_is_by_day(self, home, homeowner, sandbox, examined, now):
        solar = home.sensors.get(role_found="solar")
        night = now + 8 * HOUR  # 21:40 in Los Angeles
        sandbox.faults.switch_on(ASKED, "silence", since=f"{night:%FT%TZ}", sensor=solar.synth_id)
        for hours, expected in [(9, []), (15, []), (24, ["sensor_silent"])]:
            sandbox.clock.set(now + hours * HOUR)
            fetch(homeowner, sandbox.clock.now())
            examined(sandbox.clock.now())
            assert causes(home) == expected, hours

    def test_of_permission_is_found(self, home, homeowner, sandbox, examined, now):
        people.connect(homeowner.user, "ada", sandbox=sandbox, granted=["lunar/plan.read"], now=now)
        examined(now)

        missing = {subject for cause, subject in open_cases(home) if cause == "scope_missing"}
        assert missing == {"lunar/device.read", "lunar/device.write", "lunar/plan.write"}
        assert open_cases(home)["scope_missing", "lunar/device.read"].severity == 1

    def test_that_lunar_refuses_every_question_is_found(self, home, homeowner, sandbox, examined, now):
        sandbox.faults.switch_on(ASKED, "forbidden_without_code")
        for minutes in (20, 30, 40, 50):
            sandbox.clock.set(now + timedelta(minutes=minutes))
            fetch(homeowner, sandbox.clock.now())
        examined(sandbox.clock.now())

        assert causes(home) == ["refused"]

    def test_that_ended_the_connection_hides_what_it_causes(self, home, examined, now, make_case, sunfix):
        silent = make_case(home, sunfix)
        lunar.Connection.objects.update(status="reconnect", status_since_at=now)
        examined(now)

        silent.refresh_from_db()
        assert (causes(home), silent.closed_how) == (["connection_ended"], "hidden")


class TestACase:
    @pytest.fixture
    def ended(self, home, examined, now):
        lunar.Connection.objects.update(status="reconnect", status_since_at=now - HOUR)
        examined(now)
        return Case.objects.get()

    def test_is_opened_once_however_often_it_is_found(self, ended, examined, now):
        examined(now + HOUR)

        again = Case.objects.get()
        assert (again.pk, again.seen_at, again.since_at) == (ended.pk, now + HOUR, ended.since_at)
        assert actions(again) == ["opened"]

    def test_of_a_home_that_is_no_longer_shared_closes_and_the_home_leaves_the_queue(
        self, ended, examined, now
    ):
        access.Consent.objects.update(ended_at=now)
        examined(now + HOUR)

        ended.refresh_from_db()
        assert ended.closed_how == "unshared"
        assert not Examination.objects.exists()

    def test_that_was_resolved_stays_closed_for_a_day_and_then_says_so(self, ended, installer, examined, now):
        handling.resolve(case=ended, actor=installer.user, words="Wrote to them.", now=now)
        for hours in (1, 23):
            examined(now + hours * HOUR)
            assert not open_cases(ended.site)
        examined(now + 25 * HOUR)

        (again,) = open_cases(ended.site).values()
        assert again.again and actions(again) == ["reopened"]

    def test_that_begins_anew_after_it_was_resolved_opens_at_once(self, ended, installer, examined, now):
        handling.resolve(case=ended, actor=installer.user, words="They connected again.", now=now)
        lunar.Connection.objects.update(status_since_at=now + HOUR)
        examined(now + 2 * HOUR)

        (new,) = open_cases(ended.site).values()
        assert not new.again and actions(new) == ["opened"]

    def test_that_is_set_aside_comes_back_when_it_gets_worse(self, home, sunfix, installer, examined, now):
        silent = now - 5 * HOUR
        Collection.objects.update(last_ok_at=now)
        home.sensors.first().latest.__class__.objects.update(at=silent, read_at=silent)
        examined(now)
        case = Case.objects.get(cause="site_silent")
        handling.snooze(case=case, actor=installer.user, until_at=now + 7 * DAY, now=now)
        Collection.objects.update(last_ok_at=now + DAY)
        examined(now + DAY)

        case.refresh_from_db()
        assert (case.severity, case.snoozed_until_at) == (1, None)
        assert "worse" in actions(case)

    def test_belongs_to_each_organization_by_itself(self, ended, homeowner, retailer, examined, now):
        access.Consent.objects.update(from_at=now - DAY)
        examined(now + HOUR)

        assert Case.objects.filter(closed_at=None).count() == 2
        cases_of_brightgrid = Case.objects.get(organization=retailer.organization)
        assert cases_of_brightgrid.pk != ended.pk


class TestTheQueue:
    def test_costs_the_same_queries_for_one_home_and_for_many(self, home, sunfix, examined, now):
        examined(now)
        with CaptureQueriesContext(connection) as one:
            examined(now + HOUR / 6)
        for number in range(20):
            site = home.__class__.objects.create(
                synth_id=f"more-{number}", name=f"More {number}", time_zone="UTC", created_at=now - DAY
            )
            reach = home.connection_sites.first()
            site.connection_sites.create(connection=reach.connection, seen_at=now)
            people.share(site, sunfix, access.Consent.objects.first().given_by, now=now - DAY)
        examined(now + 2 * HOUR / 6)
        with CaptureQueriesContext(connection) as many:
            examined(now + 3 * HOUR / 6)

        assert Examination.objects.count() == 21
        assert len(many) <= len(one)

    def test_gives_a_home_to_one_worker_at_a_time(self, home, now):
        examination.enroll(now=now)
        (pk,) = examination.claim(now=now)
        Examination.objects.filter(pk=pk).update(lease_owner="somebody", lease_until_at=now + HOUR)

        assert examination.run(pks=[pk], now=now, owner="me") == 0

    def test_is_taken_up_again_after_a_worker_was_killed(self, home, now, monkeypatch):
        class Killed(BaseException):
            pass

        def die(*_args):
            raise Killed

        lunar.Connection.objects.update(status="reconnect", status_since_at=now)
        examination.enroll(now=now)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(examination, "_settle", die)
            examination.run(pks=examination.claim(now=now), now=now, owner="the dead")
        assert not Case.objects.exists() and not Note.objects.exists()
        assert examination.claim(now=now) == []

        later = now + timedelta(minutes=3)
        assert examination.run(pks=examination.claim(now=later), now=later, owner="the next") == 1
        assert causes(home) == ["connection_ended"]

    def test_writes_nothing_once_the_lease_is_another_s(self, home, now, monkeypatch):
        lunar.Connection.objects.update(status="reconnect", status_since_at=now)
        examination.enroll(now=now)
        gathered = examination.sources.homes

        def slowly(rows, *, now):
            Examination.objects.update(lease_owner="the next")
            return gathered(rows, now=now)

        monkeypatch.setattr(examination.sources, "homes", slowly)
        examination.run(pks=examination.claim(now=now), now=now, owner="the slow")

        assert not Case.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_opens_a_case_once_between_many_workers(self, home):
        now = timezone.now()
        lunar.Connection.objects.update(status="reconnect", status_since_at=now)
        examination.enroll(now=now)
        pks = examination.claim(now=now)
        start = threading.Barrier(4)

        def work(number):
            start.wait()
            try:
                examination.run(pks=pks, now=now, owner=f"worker {number}")
            finally:
                databases.close_all()

        workers = [threading.Thread(target=work, args=[number]) for number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert causes(home) == ["connection_ended"] and Note.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, home):
        lunar.Connection.objects.update(status="reconnect", status_since_at=timezone.now())
        tasks.sweep()

        assert causes(home) == ["connection_ended"]
        assert Examination.objects.get().due_at > timezone.now()
        assert accounts.Organization.objects.get().cases.count() == 1
