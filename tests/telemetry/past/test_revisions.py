"""What is noted when a service changes a home's past, and what is no change of it."""

import dataclasses
from datetime import UTC, date, datetime, time, timedelta

import pytest

from gridshare_portal.energy import periods
from gridshare_portal.gridshare import types
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import days, missing, queries
from gridshare_portal.telemetry.models import Day, Revision
from gridshare_portal.telemetry.past import revisions
from tests.telemetry.collected import collected, set_back

START = datetime(2026, 6, 10, tzinfo=UTC)
READ = START + timedelta(days=3)
LATER = START + timedelta(days=9)
NEAR = pytest.approx


def spelled(moment):
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def told(first, count, *, watts=400.0, counted=1000.0, skip=()):
    """Readings of a solar sensor from a moment on; `skip` numbers the buckets that are left out."""
    readings = []
    for number in range(count):
        counted += watts / 4
        if number not in skip:
            at = first + number * missing.STEP
            readings.append(types.Reading(at=at, in_w=0.0, out_w=watts, in_wh=0.0, out_wh=counted))
    return readings


def stored(home, sensor, readings, *, now, read_at):
    """Keep an answer for whole days; `read_at` is when the home was read before."""
    window = missing.Window(sensor=sensor.pk, start=START, end=START + timedelta(days=3))
    known = revisions.Home(zone=home.site.zone, read_at=read_at, sensors={sensor.pk: sensor})
    answer = days.FetchedReadings(window=window, readings=readings)
    days.store(days.merge([answer], now=now, home=known))
    days.write_latest([answer], now=now)


@pytest.fixture
def solar(home):
    """A solar sensor whose three days were read once, long after they were over, and then again and again."""
    sites.Site.objects.update(time_zone="UTC")
    home.site.refresh_from_db()
    sensor = home.sensor("solar")
    stored(home, sensor, told(START, 288), now=READ + timedelta(hours=4), read_at=None)
    return sensor


def again(home, sensor, readings, *, days_later=6):
    stored(home, sensor, readings, now=READ + timedelta(days=days_later), read_at=READ + timedelta(hours=4))


class TestARevision:
    def test_is_noted_with_what_was_known_before_and_after(self, home, solar):
        corrected = told(START, 96) + told(START + missing.DAY, 192, watts=800.0, counted=10_600.0)
        again(home, solar, corrected)

        first, second = Revision.objects.order_by("day")
        assert (first.day, second.day) == (date(2026, 6, 11), date(2026, 6, 12))
        assert (first.out_before_wh, first.out_after_wh) == (NEAR(9600), NEAR(19_200))
        assert (first.in_before_wh, first.in_after_wh) == (0, 0)
        assert (first.revised, first.filled) == (96, 0)
        assert first.noticed_at == READ + timedelta(days=6)

    def test_is_of_the_home_s_own_day(self, home, solar):
        sites.Site.objects.update(time_zone="America/Los_Angeles")
        home.site.refresh_from_db()
        readings = told(START, 288)
        readings[100] = dataclasses.replace(readings[100], out_w=4000.0)
        again(home, solar, readings)

        assert [row.day for row in Revision.objects.all()] == [date(2026, 6, 10)]

    def test_is_not_what_the_service_says_once_more(self, home, solar):
        again(home, solar, told(START, 288))

        assert not Revision.objects.exists()

    def test_is_not_a_change_that_no_page_shows(self, home, solar):
        again(home, solar, told(START, 288, watts=400.4))

        assert not Revision.objects.exists()

    def test_keeps_what_was_known_at_first_when_the_day_changes_once_more(self, home, solar):
        again(home, solar, told(START, 288, watts=800.0))
        again(home, solar, told(START, 288, watts=600.0), days_later=30)

        row = Revision.objects.get(day=date(2026, 6, 11))
        assert (row.out_before_wh, row.out_after_wh) == (NEAR(9600), NEAR(14_400))
        assert row.noticed_at == READ + timedelta(days=30)
        assert Revision.objects.count() == 3

    def test_of_what_was_missing_is_told_apart_from_one_of_what_was_known(self, home):
        sites.Site.objects.update(time_zone="UTC")
        home.site.refresh_from_db()
        sensor = home.sensor("solar")
        lost = range(100, 120)
        stored(home, sensor, told(START, 288, skip=lost), now=READ + timedelta(hours=4), read_at=None)
        again(home, sensor, told(START, 288))

        row = Revision.objects.get()
        assert (row.day, row.revised, row.filled) == (date(2026, 6, 11), 0, 20)
        assert row.out_before_wh == row.out_after_wh == NEAR(9600)

    @pytest.mark.parametrize("read_at", [12, 20], ids=["when it was read", "while others were read"])
    def test_is_not_a_provisional_value_that_became_final(self, home, read_at):
        sensor, noon = home.sensor("solar"), START + timedelta(hours=12)
        young = told(START, 40) + told(START + timedelta(hours=10), 8, watts=0.0, counted=5000.0)
        stored(home, sensor, young, now=noon, read_at=None)
        before = START + timedelta(hours=read_at)
        stored(home, sensor, told(START, 60), now=START + timedelta(hours=21), read_at=before)

        assert not Revision.objects.filter(revised__gt=0).exists()

    def test_is_not_a_reading_that_is_an_hour_late(self, home):
        sensor, noon = home.sensor("solar"), START + timedelta(hours=12)
        stored(home, sensor, told(START, 48, skip=[44]), now=noon, read_at=None)
        stored(home, sensor, told(START, 49), now=noon + missing.STEP, read_at=noon)

        assert not Revision.objects.exists()

    def test_is_not_what_nobody_had_asked_for(self, home, solar):
        Day.objects.filter(day=date(2026, 6, 10)).delete()
        again(home, solar, told(START, 288))

        assert not Revision.objects.exists()

    def test_goes_with_the_home(self, home, solar):
        again(home, solar, told(START, 288, watts=800.0))
        home.site.delete()

        assert not Revision.objects.exists()


class TestCollecting:
    def test_notes_what_was_handed_in_late_and_nothing_else(self, homeowner, sandbox, whole_history):
        site, start = homeowner.site, sandbox.clock.now()
        set_back(homeowner, goal=(start - timedelta(days=8)).date())
        today = start.astimezone(site.zone).date()
        noon = datetime.combine(today - timedelta(days=3), time(12), site.zone).astimezone(UTC)
        place = {"since": spelled(noon), "until": spelled(noon + timedelta(hours=5))}
        later = spelled(start + timedelta(days=2))
        sensor = site.sensors.get(role_found="solar")
        sandbox.faults.switch_on(
            "getDeviceTelemetry", "late_upload", sensor=sensor.synth_id, handed_in_at=later, **place
        )
        collected(homeowner, now=start)
        around = periods.Period(noon - timedelta(hours=2), noon + timedelta(hours=7))
        assert queries.totals(site, around).reckoned_s
        sandbox.clock.advance(timedelta(days=3))
        for _ in range(2):
            collected(homeowner, now=sandbox.clock.now())
            sandbox.clock.advance(timedelta(hours=6))

        row = Revision.objects.get()
        assert (row.sensor, row.day) == (sensor, today - timedelta(days=3))
        assert row.revised == 0 and 20 <= row.filled <= 21

    def test_notes_nothing_of_a_home_whose_readings_never_change(self, homeowner, sandbox, whole_history):
        set_back(homeowner, goal=(sandbox.clock.now() - timedelta(days=8)).date())
        sandbox.faults.switch_on("getDeviceTelemetry", "provisional", minutes=60, counters=True)
        for _ in range(10):
            collected(homeowner, now=sandbox.clock.now())
            sandbox.clock.advance(timedelta(hours=5))

        assert Day.objects.filter(known_count=96).exists()
        assert not Revision.objects.exists()
