"""Totals of a period, which close the balance and guess nothing."""

from datetime import timedelta

import pytest

from gridshare_portal.telemetry import queries
from tests.telemetry.solar import ENERGIES, LATER, QUARTER, START, over, solar_home

PARTS = {
    "solar_wh": ("solar_to_home_wh", "solar_to_battery_wh", "solar_to_grid_wh"),
    "home_wh": ("solar_to_home_wh", "battery_to_home_wh", "grid_to_home_wh"),
    "from_grid_wh": ("grid_to_home_wh", "grid_to_battery_wh"),
    "charged_wh": ("solar_to_battery_wh", "grid_to_battery_wh"),
}


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

    def test_count_over_a_gap_what_the_counters_know_and_tell_that_nobody_knows_when(self, home):
        _grid, battery, _solar = solar_home(home)
        battery.days.all().delete()
        home.tell(battery, START, [60] * 40 + [None] * 10 + [60] * 46, now=LATER)
        day = queries.totals(home.site, over(START, 96))

        # missing: the first bucket, before which no counter is; reckoned: ten without readings
        assert (day.known_s, day.reckoned_s, day.missing_s) == (85 * 900, 10 * 900, 900)
        assert (day.solar_wh, day.from_grid_wh) == (95 * 200, 95 * 100)
        assert day.charged_wh == 85 * 60  # the battery took in nothing while it was silent
        assert day.home_wh == 95 * (200 + 100 - 40) - 85 * 60
        assert day.self_sufficiency_pct == pytest.approx(100 * (1 - day.compared_wh / day.home_wh))

    def test_know_only_as_a_whole_what_a_gap_over_midnight_brought(self, home):
        grid = home.sensor("grid")
        home.tell(grid, START, [100] * 90 + [None] * 10 + [100] * 92, now=LATER)
        days = [queries.totals(home.site, over(START + number * timedelta(days=1), 96)) for number in (0, 1)]
        whole = queries.totals(home.site, over(START, 192))

        assert [day.from_grid_wh for day in days] == [89 * 100, 91 * 100]
        assert whole.from_grid_wh == 181 * 100
        assert (whole.reckoned_s, [day.reckoned_s for day in days]) == (10 * 900, [0, 0])

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
        added = queries.totals(home.site, over(START + timedelta(days=2), 96))
        assert added.solar_wh == 96 * 10 + 95 * 5  # of its first bucket nobody knows the counter before it
        assert added.home_wh == 95 * 15

    def test_do_not_take_a_silent_array_for_one_that_was_not_there_yet(self, home):
        grid, old, new = home.sensor("grid"), home.sensor("solar"), home.sensor("solar")
        told = {0: [None] * 96, 1: [0] * 40 + [None] * 10 + [0] * 46, 2: [None] * 96}
        for day in range(3):
            first = START + timedelta(days=day)
            home.tell(grid, first, [0] * 96, now=LATER)
            home.tell(old, first, [0] * 96, [10] * 96, counted=1000 + 960 * day, now=LATER)
            home.tell(new, first, told[day], [5] * 96, now=LATER)
        day = queries.totals(home.site, over(START, 3 * 96))

        # without the first bucket of the home, the first of the array, and its gap, which is known as a whole
        assert (day.known_s, day.reckoned_s) == ((95 + 96 - 1 - 10) * 900, 10 * 900)

    def test_do_not_take_a_past_that_was_not_fetched_yet_for_one_without_a_sensor(self, home):
        grid, old, new = home.sensor("grid"), home.sensor("solar"), home.sensor("solar")
        home.tell(grid, START, [0] * 192, now=LATER)
        home.tell(old, START, [0] * 192, [10] * 192, now=LATER)
        home.tell(new, START + timedelta(days=1), [0] * 96, [5] * 96, now=LATER)

        day = queries.totals(home.site, over(START, 96))
        assert (day.home_wh, day.known_s) == (None, 0)
        assert day.solar_wh == 95 * 10  # of the array that is known

    def test_of_a_meter_that_was_replaced_at_noon_know_both_halves_of_the_day(self, home):
        old, new = home.sensor("grid", gone_at=START + timedelta(hours=12, minutes=40)), home.sensor("grid")
        day = timedelta(days=1)
        home.tell(old, START - day, [100] * 144, now=LATER)
        home.tell(new, START - day, [None] * 144 + [70] * 144, counted=0, now=LATER)
        whole = queries.totals(home.site, over(START, 96))

        assert (whole.from_grid_wh, whole.home_wh) == (48 * 100 + 47 * 70, 48 * 100 + 47 * 70)
        assert (whole.known_s, whole.reckoned_s) == (95 * 900, 0)

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
