from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.templatetags import energy

THIN = "\u202f"
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 4, 22, 5, tzinfo=UTC)  # 14:05 in Los Angeles


class TestAPower:
    @pytest.mark.parametrize(
        ("watts", "words"),
        [
            (0, "0 W"),
            (640.4, "640 W"),
            (999.4, "999 W"),
            (999.6, "1.0 kW"),
            (3250, "3.2 kW"),
            (123_400, "123 kW"),
        ],
    )
    def test_is_watts_below_a_kilowatt_and_kilowatts_from_there(self, watts, words):
        assert energy.power(watts) == words.replace(" ", THIN)

    @pytest.mark.parametrize("unknown", [None, float("nan"), float("inf"), ""])
    def test_is_a_dash_when_unknown_and_never_zero(self, unknown):
        assert energy.power(unknown) == "–"

    @given(st.floats(min_value=-1e9, max_value=1e9))
    def test_never_shows_a_sign(self, watts):
        assert "-" not in energy.power(watts)


class TestAnEnergy:
    @pytest.mark.parametrize(
        ("watt_hours", "words"),
        [(0, "0.0 kWh"), (640, "0.6 kWh"), (12_400, "12.4 kWh"), (1_234_567, "1,235 kWh")],
    )
    def test_is_kilowatt_hours(self, watt_hours, words):
        assert energy.energy(watt_hours) == words.replace(" ", THIN)


class TestAFigureInATable:
    def test_is_in_thousands_with_its_unit_in_the_head_of_the_column(self):
        assert energy.kilo(1_234_567) == "1,234.57"
        assert energy.kilo(None) == "–"


class TestAShare:
    @pytest.mark.parametrize(
        ("share", "words"), [(0, "0 %"), (0.4, "under 1 %"), (63.6, "64 %"), (99.7, "99 %"), (100, "100 %")]
    )
    def test_does_not_claim_an_end_that_is_not_reached(self, share, words):
        assert energy.percent(share) == words.replace(" ", THIN)


class TestADuration:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (20, "less than a minute"),
            (600, f"10{THIN}min"),
            (7800, f"2{THIN}h 10{THIN}min"),
            (90_000, f"1 day 1{THIN}h"),
        ],
    )
    def test_has_at_most_two_units(self, seconds, words):
        assert energy.duration(seconds) == words


class TestAnAge:
    @pytest.mark.parametrize(
        ("minutes", "words"),
        [
            (-2, "just now"),
            (-60, "at a moment that has not come yet"),
            (0, "just now"),
            (3, f"3{THIN}min ago"),
            (125, f"2{THIN}h ago"),
            (60 * 24 * 5, "5 days ago"),
        ],
    )
    def test_is_said_in_one_unit(self, minutes, words):
        assert energy.age(NOW - timedelta(minutes=minutes), NOW) == words

    def test_of_nothing_is_never(self):
        assert energy.age(None, NOW) == "never"


class TestAMoment:
    def test_of_today_is_the_clock_in_the_homes_own_time(self):
        assert energy.moment(NOW - timedelta(hours=1), LOS_ANGELES, NOW) == "13:05"

    def test_of_another_day_names_the_day(self):
        assert energy.moment(NOW - timedelta(days=1), LOS_ANGELES, NOW) == "Tue 3 Nov, 14:05"

    def test_of_another_year_names_the_year(self):
        assert energy.moment(NOW - timedelta(days=365), LOS_ANGELES, NOW) == "Tue 4 Nov 2025, 14:05"

    def test_late_in_the_evening_is_still_today_although_it_is_tomorrow_in_utc(self):
        evening = NOW + timedelta(hours=4)

        assert energy.moment(evening, LOS_ANGELES, NOW) == "18:05"
        assert energy.moment(NOW, LOS_ANGELES, evening) == "14:05"

    def test_names_the_time_it_is_said_in(self):
        assert energy.exact(NOW, LOS_ANGELES) == "Wednesday 4 November 2026, 14:05:00 (PST)"
