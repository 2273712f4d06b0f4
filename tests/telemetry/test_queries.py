from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridshare_portal.energy import periods
from gridshare_portal.telemetry import latest, missing, queries, stored
from gridshare_portal.telemetry.models import Collection
from tests import environment

START = datetime(2026, 6, 10, tzinfo=UTC)
LATER = datetime(2026, 6, 20, tzinfo=UTC)
QUARTER = missing.STEP
PARTS = {
    "solar_wh": ("solar_to_home_wh", "solar_to_battery_wh", "solar_to_grid_wh"),
    "home_wh": ("solar_to_home_wh", "battery_to_home_wh", "grid_to_home_wh"),
    "from_grid_wh": ("grid_to_home_wh", "grid_to_battery_wh"),
    "charged_wh": ("solar_to_battery_wh", "grid_to_battery_wh"),
}
ENERGIES = [name for name in queries.Totals.__dataclass_fields__ if name.endswith("_wh")]


def over(start, buckets):
    return periods.Period(start, start + buckets * QUARTER)


def solar_home(home, *, until=96):
    """A day of solar, battery and grid; the first bucket has no counter before it."""
    grid, battery, solar = home.sensor("grid"), home.sensor("battery"), home.sensor("solar")
    home.tell(grid, START, [100] * until, [40] * until, now=LATER)
    home.tell(battery, START, [60] * until, [0] * until, charge_pct=50.0, now=LATER)
    home.tell(solar, START, [0] * until, [200] * until, now=LATER)
    home.read_at(START + timedelta(days=1))
    return grid, battery, solar


class TestTotals:
    def test_close_the_balance(self, home):
        solar_home(home)
        day = queries.totals(home.site, over(START + QUARTER, 95))

        assert (day.solar_wh, day.from_grid_wh, day.to_grid_wh, day.charged_wh) == (19000, 9500, 3800, 5700)
        assert day.home_wh == 95 * (200 + 100 - 40 - 60)
        for whole, parts in PARTS.items():
            assert sum(getattr(day, part) for part in parts) == pytest.approx(getattr(day, whole)), whole
        assert day.remainder_wh == 0
        assert day.self_sufficiency_pct == pytest.approx(100 * (1 - 100 / 200))
        assert (day.known_s, day.missing_s) == (95 * 900, 0)

    def test_tell_how_much_is_missing_and_count_nothing_there(self, home):
        _grid, battery, _solar = solar_home(home)
        battery.days.all().delete()
        home.tell(battery, START, [60] * 40 + [None] * 10 + [60] * 46, now=LATER)
        day = queries.totals(home.site, over(START, 96))

        # unknown: the first bucket, ten that are missing, and the one after whose counter has no start
        assert (day.known_s, day.missing_s) == (84 * 900, 12 * 900)
        assert day.solar_wh == 84 * 200
        assert day.home_wh == 84 * 200

    def test_say_nothing_about_a_time_of_which_nothing_is_known(self, home):
        solar_home(home)
        later = queries.totals(home.site, over(START + timedelta(days=40), 96))

        assert all(getattr(later, name) is None for name in ENERGIES)
        assert (later.self_sufficiency_pct, later.known_s, later.missing_s) == (None, 0, 0)

    def test_do_not_call_the_future_missing(self, home):
        solar_home(home, until=40)
        home.read_at(START + 40 * QUARTER)

        assert queries.totals(home.site, over(START, 96)).missing_s == 900

    def test_have_no_self_sufficiency_when_less_than_half_is_known(self, home):
        solar_home(home, until=20)
        home.read_at(START + timedelta(days=1))

        assert queries.totals(home.site, over(START, 96)).self_sufficiency_pct is None

    def test_of_a_battery_alone_take_the_sun_as_absent_and_not_as_unknown(self, home):
        grid, battery = home.sensor("grid"), home.sensor("battery")
        home.tell(grid, START, [100] * 9, now=LATER)
        home.tell(battery, START, [80] * 9, now=LATER)
        day = queries.totals(home.site, over(START, 9))

        assert (day.solar_wh, day.home_wh, day.grid_to_battery_wh) == (0, 160, 640)
        assert (day.ev_wh, day.relay_wh) == (None, None)

    def test_of_solar_alone_take_the_battery_as_absent(self, home):
        grid, solar = home.sensor("grid"), home.sensor("solar")
        home.tell(grid, START, [0] * 9, [30] * 9, now=LATER)
        home.tell(solar, START, [0] * 9, [50] * 9, now=LATER)
        day = queries.totals(home.site, over(START, 9))

        assert (day.home_wh, day.solar_to_grid_wh, day.charged_wh) == (160, 240, 0)

    def test_without_a_grid_meter_do_not_guess_what_the_home_used(self, home):
        solar = home.sensor("solar")
        home.tell(solar, START, [0] * 9, [50] * 9, now=LATER)
        day = queries.totals(home.site, over(START, 9))

        assert day.solar_wh == 400
        assert (day.home_wh, day.from_grid_wh, day.solar_to_home_wh) == (None, None, None)

    def test_believe_a_meter_of_the_home_and_show_what_it_does_not_explain(self, home):
        grid, meter, car = home.sensor("grid"), home.sensor("home"), home.sensor("ev")
        home.tell(grid, START, [100] * 9, now=LATER)
        home.tell(meter, START, [90] * 9, now=LATER)
        home.tell(car, START, [30] * 9, now=LATER)
        day = queries.totals(home.site, over(START, 9))

        assert (day.home_wh, day.remainder_wh, day.ev_wh) == (720, 80, 240)

    def test_add_up_sensors_of_one_role_and_know_nothing_when_one_is_unknown(self, home):
        grid, east, west = home.sensor("grid"), home.sensor("solar"), home.sensor("solar")
        home.tell(grid, START, [0] * 9, now=LATER)
        home.tell(east, START, [0] * 9, [50] * 9, now=LATER)
        home.tell(west, START, [0] * 9, [10] * 4 + [10, 10, 10, 10, 10], now=LATER)
        assert queries.totals(home.site, over(START, 9)).solar_wh == 480

        west.days.all().delete()
        home.tell(west, START, [0] * 5 + [None] * 4, [10] * 9, now=LATER)
        assert queries.totals(home.site, over(START, 9)).known_s == 4 * 900

    def test_do_not_lose_history_to_an_array_that_was_added(self, home):
        grid, old, new = home.sensor("grid"), home.sensor("solar"), home.sensor("solar")
        for day in range(3):
            first = START + timedelta(days=day)
            home.tell(grid, first, [0] * 96, counted=1000, now=LATER)
            home.tell(old, first, [0] * 96, [10] * 96, counted=1000 + 960 * day, now=LATER)
            told = [0] * 96 if day == 2 else [None] * 96
            home.tell(new, first, told, [5] * 96, now=LATER)

        assert queries.totals(home.site, over(START + timedelta(days=1), 96)).solar_wh == 960
        assert queries.totals(home.site, over(START + timedelta(days=2), 96)).solar_wh == 95 * 15

    def test_do_not_take_a_silent_array_for_one_that_was_not_there_yet(self, home):
        grid, old, new = home.sensor("grid"), home.sensor("solar"), home.sensor("solar")
        told = {0: [None] * 96, 1: [0] * 40 + [None] * 10 + [0] * 46, 2: [None] * 96}
        for day in range(3):
            first = START + timedelta(days=day)
            home.tell(grid, first, [0] * 96, now=LATER)
            home.tell(old, first, [0] * 96, [10] * 96, counted=1000 + 960 * day, now=LATER)
            home.tell(new, first, told[day], [5] * 96, now=LATER)
        day = queries.totals(home.site, over(START, 3 * 96))

        # without the first bucket of the home, the first of the array, its gap and the bucket after the gap
        assert day.known_s == (95 + 96 - 1 - 10 - 1) * 900

    def test_do_not_take_a_past_that_was_not_fetched_yet_for_one_without_a_sensor(self, home):
        grid, old, new = home.sensor("grid"), home.sensor("solar"), home.sensor("solar")
        home.tell(grid, START, [0] * 192, now=LATER)
        home.tell(old, START, [0] * 192, [10] * 192, now=LATER)
        home.tell(new, START + timedelta(days=1), [0] * 96, [5] * 96, now=LATER)

        assert queries.totals(home.site, over(START, 96)).solar_wh is None

    def test_go_on_without_a_battery_that_was_removed(self, home):
        grid, battery = home.sensor("grid"), home.sensor("battery", gone_at=START + 4 * QUARTER)
        home.tell(grid, START, [100] * 9, now=LATER)
        home.tell(battery, START, [80] * 4, now=LATER)

        assert queries.totals(home.site, over(START, 9)).home_wh == 3 * 20 + 5 * 100

    def test_of_a_reset_counter_lose_one_bucket_and_show_no_spike(self, home):
        grid = home.sensor("grid")
        home.tell(grid, START, [100] * 20, counted=50_000, now=LATER)
        home.tell(grid, START + 20 * QUARTER, [100] * 20, counted=0, now=LATER)
        day = queries.totals(home.site, over(START, 40))

        assert (day.from_grid_wh, day.known_s) == (3800, 38 * 900)


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
                if values:
                    assert sum(values) == pytest.approx(getattr(total, name)), name
            assert sum(bar.known_s for bar in bars) == total.known_s
            assert sum(bar.missing_s for bar in bars) == total.missing_s
        single = [queries.totals(home.site, piece) for piece in periods.days_of(whole, zone)]
        assert [one.known_s for one in single] == [
            bar.known_s for bar in queries.bars(home.site, periods.days_of(whole, zone))
        ]
        home.site.delete()

    def test_of_no_periods_are_none(self, home):
        assert queries.bars(home.site, []) == []

    def test_cost_as_many_queries_for_a_year_as_for_an_hour(self, home, django_assert_num_queries):
        solar_home(home)
        year = periods.Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

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
        with django_assert_num_queries(4):  # one of them for when the battery was added
            read = stored.read(home.site, whole)

        with django_assert_num_queries(0):
            told = [
                (
                    queries.totals(read, period),
                    queries.series(read, period, step_s=3600),
                    queries.table(read, period, step_s=900),
                    queries.progress(read),
                )
                for period in (whole, part)
            ]

        site = home.site
        assert told == [
            (
                queries.totals(site, period),
                queries.series(site, period, step_s=3600),
                queries.table(site, period, step_s=900),
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
            queries.totals(read, over(START, 2 * 96))
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


class TestTheTable:
    def test_says_what_the_chart_draws_and_what_the_totals_count(self, home):
        solar_home(home)
        day = over(START, 96)
        rows = queries.table(home.site, day, step_s=3600)
        columns = queries.series(home.site, day, step_s=3600)
        total = queries.totals(home.site, day)

        for name in ("solar_w", "home_w", "from_grid_w", "charge_pct"):
            assert [getattr(row, name) for row in rows] == columns[name]
        for name in ("solar_wh", "home_wh", "charged_wh"):
            assert sum(getattr(row, name) for row in rows) == getattr(total, name)
        assert [row.partial for row in rows] == [True] + [False] * 23
        assert (rows[0].start, rows[-1].end) == (day.start, day.end)


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
