"""What cannot be right about a home's sensors."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.installer.diagnosis import tree_health

DAY = date(2026, 6, 15)


def sensor(role="grid", name=None, **more):
    return tree_health.SensorWeek(synth_id=name or role, role=role, device="hub", **more)


def words(*sensors, devices=("hub",), balance=None):
    found = tree_health.mismatches(sensors, devices, balance)
    return {key: [one.word for one in some] for key, some in found.items()}


def hours(*days):
    """Newest day last; each a mapping of hour to watts, all other hours zero."""
    return {
        DAY + timedelta(days=number): {hour: told.get(hour, 0.0) for hour in range(24)}
        for number, told in enumerate(days)
    }


class TestWhatCannotBeRight:
    def test_is_nothing_in_a_healthy_home(self):
        assert words(sensor("grid"), sensor("battery", charge_pct=50.0), sensor("solar")) == {}

    def test_is_two_grid_meters(self):
        assert words(sensor("grid", "a"), sensor("grid", "b")) == {"a": ["grids"], "b": ["grids"]}

    def test_is_a_home_without_a_grid_meter(self):
        assert words(sensor("solar")) == {"": ["no_grid"]}

    def test_is_a_battery_without_a_charge(self):
        assert words(sensor("grid"), sensor("battery")) == {"battery": ["charge"]}

    def test_is_a_device_without_sensors(self):
        assert words(sensor("grid"), devices=("hub", "relay")) == {"relay": ["no_sensors"]}

    def test_is_a_sensor_that_nobody_knows_the_meaning_of(self):
        assert words(sensor("grid"), sensor("unknown")) == {"unknown": ["role"]}

    def test_is_a_sensor_that_never_told_anything(self):
        assert words(sensor("grid"), sensor("ev", has_reported=False)) == {"ev": ["never"]}

    def test_is_solar_that_takes_in_more_than_it_gives(self):
        assert words(sensor("grid"), sensor("solar", in_wh=9000.0, out_wh=10.0)) == {"solar": ["turned"]}

    def test_is_a_sum_that_is_off(self):
        off = tree_health.DayBalance(through_wh=20_000, remainder_wh=-4_000)

        assert words(sensor("grid"), balance=off) == {"": ["sum"]}
        assert (
            words(sensor("grid"), balance=tree_health.DayBalance(through_wh=20_000, remainder_wh=900)) == {}
        )


class TestSolarAtNight:
    def test_is_power_in_hours_in_which_other_days_had_none(self):
        days = [{12: 3000.0}] * 4 + [{12: 3000.0, 20: 400.0}]

        assert tree_health.at_night(hours(*days)) == [20]

    def test_is_power_in_the_dead_of_night(self):
        days = [{hour: 500.0 for hour in range(24)}] * 3

        assert tree_health.at_night(hours(*days)) == [0, 1, 2, 3]

    def test_is_not_the_longer_day_of_spring(self):
        days = [{6: 20.0, 12: 3000.0}, {6: 30.0}, {6: 40.0}, {6: 45.0}, {6: 60.0}]

        assert tree_health.at_night(hours(*days)) == []

    def test_is_not_told_from_two_days(self):
        assert tree_health.at_night(hours({12: 1.0}, {20: 400.0})) == []

    @given(st.lists(st.dictionaries(st.integers(5, 21), st.floats(0, 9000)), min_size=1, max_size=2))
    def test_is_never_found_in_daylight_of_a_young_home(self, days):
        assert tree_health.at_night(hours(*days)) == []
