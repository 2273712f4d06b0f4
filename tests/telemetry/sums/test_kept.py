"""What is kept of a home's days is what its readings tell now, whatever happened to them since."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridshare_portal.energy import periods
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, queries
from gridshare_portal.telemetry.models import Collection, Day, SiteDay
from gridshare_portal.telemetry.sums import stamps
from tests import environment
from tests.telemetry.conftest import Home
from tests.telemetry.solar import LATER, START

DAYS = 6
ROLES = ("grid", "battery", "solar", "solar")
ZONES = ("Europe/London", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Auckland")
HOUR = timedelta(hours=1)
HAPPENINGS = ("revise", "silence", "restart", "role", "gone", "back", "zone", "join", "nothing")


def whole(home):
    zone = home.site.zone
    first = START.astimezone(zone).date() - timedelta(days=1)
    return periods.whole_days(first, first + timedelta(days=DAYS + 3), zone)


def pieces(home):
    """Each day, two stretches of several days, and all of it."""
    days = periods.days_of(whole(home), home.site.zone)
    return [
        *days,
        periods.Period(days[0].start, days[3].end),
        periods.Period(days[4].start, days[-1].end),
        whole(home),
    ]


def told(home):
    """Return what bars say, which may be from what is kept."""
    return queries.bars(sites.Site.objects.get(pk=home.site.pk), pieces(home))


def told_anew(home):
    """Return the same from buckets: an hour beside them is not made of days."""
    hour = periods.Period(START, START + HOUR)
    return queries.bars(sites.Site.objects.get(pk=home.site.pk), [*pieces(home), hour])[:-1]


def same(home):
    for kept, anew in zip(told(home), told_anew(home), strict=True):
        for name, value in vars(anew).items():
            assert getattr(kept, name) == (None if value is None else pytest.approx(value, abs=1e-6)), name


def tell(home, sensor, random, first=0, last=DAYS * 96, *, counted=50_000.0, silent=None):
    went_in, went_out = (random.integers(0, 900, last - first).tolist() for _ in range(2))
    begin, end = silent or (0, 0)
    went_in[begin:end] = [None] * len(went_in[begin:end])
    home.tell(sensor, START + first * missing.STEP, went_in, went_out, counted=counted, now=LATER)


def happen(home, what, random):
    """Let something happen to the home, as collecting, people or Lunar make it happen."""
    sensors = list(home.site.sensors.order_by("pk"))
    sensor = sensors[int(random.integers(len(sensors)))]
    first = int(random.integers(0, DAYS * 96 - 100))
    length = int(random.integers(1, 90))
    if what == "revise":
        tell(home, sensor, random, first, first + length)
    elif what == "restart":
        tell(home, sensor, random, first, counted=0.0)
    elif what == "silence":
        Day.objects.filter(sensor=sensor).delete()
        tell(home, sensor, random, silent=(first, first + 3 * length))
    elif what == "role":
        sensor.role_set = str(random.choice(["solar", "home", "ev", "unknown"]))
        sensor.save()
    elif what == "gone":
        sensor.gone_at = START + first * missing.STEP
        sensor.save()
    elif what == "back":
        sites.Sensor.objects.update(gone_at=None)
    elif what == "zone":
        sites.Site.objects.update(time_zone=str(random.choice(ZONES)))
        home.site.refresh_from_db()
    elif what == "join":
        added = home.sensor(sensor.role)
        home.tell(added, START, [None] * 192, now=LATER)
        tell(home, added, random, 192 + length)
        tell(home, added, random, 96 + length, 96 + length + 10)


class TestWhatIsKept:
    @settings(
        max_examples=environment.rounds(quick=10, long=400),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(seed=st.integers(0, 2**31), what=st.lists(st.sampled_from(HAPPENINGS), min_size=2, max_size=4))
    def test_is_what_readings_tell_after_whatever_happened(self, db, seed, what):
        sites.Site.objects.all().delete()
        home, random = Home(), np.random.default_rng(seed)
        for role in ROLES:
            silent = int(random.integers(0, DAYS * 96))
            tell(home, home.sensor(role), random, silent=(silent, silent + int(random.integers(1, 200))))
        home.read_at(START + timedelta(days=DAYS) - 5 * HOUR)
        same(home)
        for one in what:
            happen(home, one, random)

            same(home)

    def test_is_read_again_without_any_reading(self, home, django_assert_num_queries):
        random = np.random.default_rng(1)
        for role in ROLES:
            tell(home, home.sensor(role), random, silent=(90, 110))
        home.read_at(START + timedelta(days=DAYS))
        before = told(home)
        site = sites.Site.objects.get(pk=home.site.pk)

        with django_assert_num_queries(3):  # sensors, when they were read, and what is kept
            again = queries.bars(site, pieces(home))

        assert again == before
        assert before[-1].known_s > 0 and before[-1].reckoned_s > 0

    def test_is_of_no_day_that_somebody_wrote_who_leaves_no_stamps(self, home):
        sensor = home.sensor("grid")
        tell(home, sensor, np.random.default_rng(1))
        home.read_at(START + timedelta(days=DAYS))
        told(home)
        row = Day.objects.get(sensor=sensor, day=START.date() + timedelta(days=2))
        Day.objects.filter(pk=row.pk).update(packed=Day.objects.filter(sensor=sensor).first().packed)
        Collection.objects.update(last_ok_at=START + timedelta(days=DAYS, minutes=15))

        same(home)

        stamps.renew(home.site)
        Collection.objects.update(stamped_at=START + timedelta(days=DAYS, minutes=15))
        same(home)

    def test_makes_a_page_only_slower_where_it_cannot_be_kept(self, home, monkeypatch):
        tell(home, home.sensor("grid"), np.random.default_rng(1))
        home.read_at(START + timedelta(days=DAYS))

        def refuse(*_args, **_options):
            raise DatabaseError("read only")

        monkeypatch.setattr(SiteDay.objects, "bulk_create", refuse)

        same(home)
        assert not SiteDay.objects.filter(sums__isnull=False).exists()

    def test_is_nothing_where_nothing_was_ever_told(self, home):
        tell(home, home.sensor("grid"), np.random.default_rng(1), 0, 96)
        home.read_at(START + timedelta(days=DAYS))
        zone = ZoneInfo("Europe/London")
        year = periods.whole_days(date(START.year, 1, 1), date(START.year, 12, 31), zone)

        bars = queries.bars(home.site, periods.days_of(year, zone))

        assert SiteDay.objects.filter(sums__isnull=False).count() < 8
        assert sum(bar.from_grid_wh or 0.0 for bar in bars) == pytest.approx(
            queries.totals(
                home.site, periods.Period(datetime(START.year, 1, 1, tzinfo=UTC), START + 30 * HOUR)
            ).from_grid_wh
        )
