from datetime import UTC, datetime

import pytest

from gridshare_portal.homeowner.home import words

NOW = datetime(2026, 11, 4, 22, 5, tzinfo=UTC)
THIN = "\u202f"


def said(**known):
    unknown = {"flows": {}, "home_w": None, "charging_w": None, "discharging_w": None, "to_grid_w": None}
    return words.happening(**{**unknown, **known}).replace(THIN, " ")


class TestTheSentenceUnderThePicture:
    def test_names_who_feeds_whom(self):
        flows = {"solar_to_home": 1100, "solar_to_battery": 2100, "solar_to_grid": 400}

        sentence = said(flows=flows, home_w=1100, charging_w=2100, discharging_w=0, to_grid_w=400)

        assert sentence == (
            "Your home is using 1.1 kW from the sun, the battery is charging from the sun at 2.1 kW and 400 W goes to the grid."
        )

    def test_names_the_largest_source_first(self):
        flows = {"solar_to_home": 200, "battery_to_home": 900, "grid_to_home": 100}

        assert (
            said(flows=flows, home_w=1200)
            == "Your home is using 1.2 kW from the battery, the sun and the grid."
        )

    def test_says_that_it_does_not_know(self):
        assert said() == "We do not know what your home is using right now."

    def test_is_silent_about_a_source_that_is_unknown(self):
        assert said(flows={"solar_to_home": None}, home_w=800) == "Your home is using 800 W."

    def test_says_what_the_battery_gives(self):
        sentence = said(
            flows={"battery_to_grid": 640}, home_w=0, charging_w=0, discharging_w=640, to_grid_w=640
        )

        assert sentence == "Your home is using 0 W, the battery is giving 640 W and 640 W goes to the grid."

    def test_does_not_name_the_battery_twice(self):
        sentence = said(flows={"battery_to_home": 640}, home_w=640, charging_w=0, discharging_w=640)

        assert sentence == "Your home is using 640 W from the battery."


class TestAWord:
    @pytest.mark.parametrize(
        ("charging_w", "discharging_w", "word"),
        [(500, 0, "charging"), (0, 500, "discharging"), (0, 5, "resting"), (None, None, "not known")],
    )
    def test_for_the_battery(self, charging_w, discharging_w, word):
        assert words.battery_word(charging_w, discharging_w) == word

    @pytest.mark.parametrize(
        ("from_w", "to_w", "word"),
        [(500, 0, "supplying"), (0, 500, "receiving"), (5, 0, "idle"), (None, None, "not known")],
    )
    def test_for_the_grid(self, from_w, to_w, word):
        assert words.grid_word(from_w, to_w) == word


class TestTheOutlook:
    def at_rate(self, **known):
        usual = {"charge_pct": 60, "capacity_wh": 10_000, "charging_w": 0, "discharging_w": 0}
        return words.outlook(**{**usual, **known}, at=NOW, zone=UTC, now=NOW)

    def test_says_when_the_battery_is_full(self):
        assert self.at_rate(charging_w=2500) == "At this rate it is full at about 23:41."

    def test_says_when_the_battery_is_empty(self):
        assert self.at_rate(discharging_w=5000) == "At this rate it is empty at about 23:17."

    def test_names_no_moment_more_than_a_day_away(self):
        said = "At this rate it lasts for more than a day until it is empty."
        assert self.at_rate(discharging_w=100) == said

    @pytest.mark.parametrize("missing", [{"charge_pct": None}, {"capacity_wh": None}, {"charging_w": 0}])
    def test_is_nothing_where_it_cannot_be_said(self, missing):
        assert self.at_rate(**{"charging_w": 2500, **missing}) == ""
