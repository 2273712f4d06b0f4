"""Questions about stored readings: bars, series and progress."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridshare_portal.energy import periods
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import balance, latest, queries, stored
from gridshare_portal.telemetry.models import Collection
from tests import environment
from tests.telemetry.solar import ENERGIES, LATER, QUARTER, START, over, solar_home

FLOWS = {f"{name.removesuffix('_wh')}_wh" for name in balance.FLOWS}
METERED = {f"{name}_wh" for name in balance.METERED if name != "home"}


class TestBars:
    @settings(
        max_examples=environment.rounds(quick=6, long=200),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        seed=st.integers(0, 2**31),
        zone=st.sampled_from(["Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"]),
    )
    def test_add_up_to_the_whole_at_every_zoom(self, db, seed, zone):
        from tests.telemetry.conftest import Home

        sites.Site.objects.all().delete()
        home, random, zone = Home(), np.random.default_rng(seed), ZoneInfo(zone)
        first, days = datetime(2026, 3, 25, tzinfo=UTC), 14  # both nights on which clocks change in spring
        for role in ("grid", "battery", "solar"):
            sensor = home.sensor(role)
            told = [
                None if random.random() < 0.03 else int(random.integers(0, 900)) for _ in range(96 * days)
            ]
            home.tell(sensor, first, told, random.integers(0, 900, 96 * days).tolist(), now=LATER)
        home.read_at(first + timedelta(days=days))
        whole = periods.Period(first + timedelta(hours=20), first + timedelta(days=days - 1))

        total = queries.totals(home.site, whole)
        for cut in (periods.days_of, periods.months_of):
            bars = queries.bars(home.site, cut(whole, zone))
            for name in ENERGIES:
                values = [getattr(bar, name) for bar in bars if getattr(bar, name) is not None]
                if values and name in FLOWS:
                    assert sum(values) == pytest.approx(getattr(total, name)), name
                elif values and name in METERED:  # a gap over an edge is known of the whole alone
                    assert sum(values) <= getattr(total, name) + 1e-6, name
            assert sum(bar.known_s for bar in bars) <= total.known_s
            assert sum(bar.reckoned_s for bar in bars) <= total.reckoned_s
            times = [bar.known_s + bar.reckoned_s + bar.missing_s + bar.uncounted_s for bar in (*bars, total)]
            assert sum(times[:-1]) == times[-1]
        single = [queries.totals(home.site, piece) for piece in periods.days_of(whole, zone)]
        assert [one.known_s for one in single] == [
            bar.known_s for bar in queries.bars(home.site, periods.days_of(whole, zone))
        ]

    def test_of_no_periods_are_none(self, home):
        assert queries.bars(home.site, []) == []

    def test_cost_as_many_queries_for_a_year_as_for_an_hour(self, home, django_assert_num_queries):
        solar_home(home)
        year = periods.Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

        queries.bars(home.site, periods.days_of(year, ZoneInfo("Europe/London")))  # and kept
        with django_assert_num_queries(3):
            queries.totals(home.site, over(START, 4))
        with django_assert_num_queries(3):
            queries.bars(home.site, periods.days_of(year, ZoneInfo("Europe/London")))
        with django_assert_num_queries(3):
            queries.series(home.site, year, step_s=3600)


class TestWhatWasReadOnce:
    def test_answers_every_question_about_its_period_without_asking_again(
        self, home, django_assert_num_queries
    ):
        solar_home(home)
        added = home.sensor("battery")
        home.tell(added, START, [None] * 96, now=LATER)  # asked for, and not there yet
        home.tell(added, START + timedelta(days=1), [20] * 96, charge_pct=90.0, now=LATER)
        whole, part = over(START, 192), over(START + 8 * QUARTER, 96)
        with django_assert_num_queries(2):
            read = stored.read(home.site, whole)

        with django_assert_num_queries(2):  # the days, once, and when the battery was added
            told = [
                (
                    queries.totals(read, period),
                    queries.series(read, period, step_s=3600),
                    queries.progress(read),
                )
                for period in (whole, part)
            ]

        site = home.site
        assert told == [
            (
                queries.totals(site, period),
                queries.series(site, period, step_s=3600),
                queries.progress(site),
            )
            for period in (whole, part)
        ]
        assert told[1][0].known_s == 88 * 900  # the added battery does not make the first day unknown
        assert latest.now_of(read, now=LATER) == latest.now_of(site, now=LATER)

    def test_does_not_call_unknown_what_was_not_read(self, home):
        solar_home(home)
        read = stored.read(home.site, over(START, 96))

        with pytest.raises(ValueError):
            queries.totals(read, over(START, 3 * 96))
        with pytest.raises(ValueError):
            queries.series(stored.read(home.site), over(START, 4), step_s=900)
        assert queries.totals(read.over(over(START, 2 * 96)), over(START, 2 * 96)) == queries.totals(
            home.site, over(START, 2 * 96)
        )


class TestASeries:
    def test_is_columns_of_whole_numbers_from_one_start(self, home):
        solar_home(home, until=4)
        home.read_at(START + 4 * QUARTER)
        columns = queries.series(home.site, over(START, 6), step_s=900)

        assert columns["start"] == int(START.timestamp())
        assert columns["solar_w"] == [800, 800, 800, 800, None, None]
        assert columns["from_grid_w"][:5] == [240, 240, 240, 240, None]
        assert columns["charge_pct"] == [50] * 4 + [None] * 2
        assert columns["home_w"][0] == 800 + 240 - 240
        assert columns["read_at"] == int((START + 4 * QUARTER).timestamp())
        assert columns["complete"] is True
        assert columns["partial"] == []

    def test_draws_a_gap_as_a_gap_and_marks_a_step_of_which_a_part_is_known(self, home):
        grid = home.sensor("grid")
        home.tell(grid, START, [100, None, None, None, None, None, None, None, 100], now=LATER)
        home.read_at(START + 9 * QUARTER)
        columns = queries.series(home.site, over(START, 12), step_s=3600)

        assert columns["from_grid_w"] == [400, None, 400]
        assert columns["partial"] == [0, 2]
        assert columns["complete"] is False

    def test_starts_at_the_home_s_midnight_also_in_a_half_hour_zone(self, home):
        solar_home(home)
        day = periods.local_day(date(2026, 6, 10), ZoneInfo("Asia/Kolkata"))
        columns = queries.series(home.site, day, step_s=3600)

        assert columns["start"] == int(datetime(2026, 6, 9, 18, 30, tzinfo=UTC).timestamp())
        assert len(columns["solar_w"]) == 24
        assert columns["partial"] == [5]

    @pytest.mark.parametrize("step_s", [0, 600, 1000])
    def test_refuses_steps_that_cut_buckets(self, home, step_s):
        with pytest.raises(ValueError, match="multiple"):
            queries.series(home.site, over(START, 4), step_s=step_s)

    def test_of_a_home_without_readings_is_empty_and_not_complete(self, home):
        columns = queries.series(home.site, over(START, 4), step_s=900)

        assert columns["home_w"] == [None] * 4
        assert (columns["complete"], columns["read_at"]) == (False, None)


@pytest.mark.usefixtures("whole_history")
class TestProgress:
    def test_of_a_home_never_read_is_nothing(self, home):
        assert queries.progress(home.site) == queries.Progress(
            days_done=0, days_total=400, first_48h_done=False, done=False
        )

    def test_counts_days_back_to_the_goal(self, home):
        home.read_at(LATER)
        Collection.objects.update(filled_back_to=(LATER - timedelta(days=100)).date())

        progress = queries.progress(home.site)
        assert (progress.days_done, progress.days_total, progress.first_48h_done) == (100, 400, True)
        assert not progress.done

    def test_is_done_where_history_begins(self, home):
        home.read_at(LATER)
        Collection.objects.update(filled_back_to=date(2026, 6, 1), goal=date(2026, 6, 1))

        assert queries.progress(home.site).done


class TestBuckets:
    def test_of_two_meters_of_a_kind_are_unknown_where_one_is_silent(self, home):
        first, second = home.sensor("solar"), home.sensor("solar")
        home.tell(first, START, [0] * 96, [200] * 96, now=LATER)
        home.tell(second, START, [0] * 50 + [None] * 6 + [0] * 40, [300] * 96, now=LATER)
        home.read_at(LATER)
        found = queries.buckets(home.site, over(START, 96))["solar_wh"]

        assert found == [None] + [500] * 49 + [None] * 7 + [500] * 39
