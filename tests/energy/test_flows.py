import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.energy import flows

FIVE = ("solar_wh", "from_grid_wh", "to_grid_wh", "charged_wh", "discharged_wh")
amounts = st.integers(0, 5000).map(float)
buckets = st.lists(st.tuples(*[amounts] * 5), min_size=1, max_size=50)


def columns(rows):
    return dict(zip(FIVE, np.array(rows, dtype=float).T, strict=True))


def one(**readings):
    given_ = {name: np.array([readings.get(name, 0.0)], dtype=float) for name in FIVE}
    split = flows.split(**given_)
    return {name: float(getattr(split, name)[0]) for name in flows.NAMES}


def possible(five):
    """No bucket in which only the same meter could explain what crossed it both ways."""
    from_sun_and_battery = five["solar_wh"] + five["discharged_wh"]
    from_sun_and_grid = five["solar_wh"] + five["from_grid_wh"]
    return (five["to_grid_wh"] <= from_sun_and_battery) & (five["charged_wh"] <= from_sun_and_grid)


class TestSplitting:
    @given(buckets)
    def test_closes_the_balance_in_every_bucket(self, rows):
        five = columns(rows)
        split = flows.split(**five)

        came_in = five["solar_wh"] + five["from_grid_wh"] + five["discharged_wh"]
        went_out = five["to_grid_wh"] + five["charged_wh"] + split.home_wh + split.remainder_wh
        assert np.allclose(came_in, went_out)
        assert (split.remainder_wh[split.home_wh > 0] == 0).all()
        assert (split.remainder_wh <= 0).all()

    @given(buckets)
    def test_never_makes_a_flow_negative_or_larger_than_its_source_or_use(self, rows):
        five = columns(rows)
        split = flows.split(**five)

        assert all((getattr(split, name) >= 0).all() for name in flows.NAMES if name != "remainder_wh")
        assert (
            split.solar_to_home_wh + split.solar_to_battery_wh + split.solar_to_grid_wh
            <= five["solar_wh"] + 1e-6
        ).all()
        assert (split.grid_to_home_wh + split.grid_to_battery_wh <= five["from_grid_wh"] + 1e-6).all()
        assert (split.battery_to_home_wh + split.battery_to_grid_wh <= five["discharged_wh"] + 1e-6).all()
        assert (split.solar_to_grid_wh + split.battery_to_grid_wh <= five["to_grid_wh"] + 1e-6).all()
        assert (split.solar_to_battery_wh + split.grid_to_battery_wh <= five["charged_wh"] + 1e-6).all()

    @given(buckets)
    def test_makes_the_home_the_sum_of_its_three_sources(self, rows):
        split = flows.split(**columns(rows))
        short = split.remainder_wh < 0

        parts = split.solar_to_home_wh + split.battery_to_home_wh + split.grid_to_home_wh
        assert np.allclose(parts[~short], split.home_wh[~short])

    @given(buckets)
    def test_makes_every_whole_the_sum_of_its_parts_where_that_is_possible(self, rows):
        five = columns(rows)
        split = flows.split(**five)
        fine = possible(five) & (split.remainder_wh == 0)

        for whole, parts in {
            "solar_wh": ("solar_to_home_wh", "solar_to_battery_wh", "solar_to_grid_wh"),
            "from_grid_wh": ("grid_to_home_wh", "grid_to_battery_wh"),
            "discharged_wh": ("battery_to_home_wh", "battery_to_grid_wh"),
            "charged_wh": ("solar_to_battery_wh", "grid_to_battery_wh"),
            "to_grid_wh": ("solar_to_grid_wh", "battery_to_grid_wh"),
        }.items():
            total = sum(getattr(split, name) for name in parts)
            assert np.allclose(total[fine], five[whole][fine]), whole

    @given(buckets, st.data())
    def test_does_not_know_a_bucket_of_which_one_reading_is_unknown(self, rows, data):
        five = columns(rows)
        missing = data.draw(st.sampled_from(FIVE))
        five[missing][0] = np.nan
        split = flows.split(**five)

        assert all(np.isnan(getattr(split, name)[0]) for name in flows.NAMES)
        assert not any(np.isnan(getattr(split, name)[1:]).any() for name in flows.NAMES)

    def test_charges_from_the_sun_before_the_grid(self):
        day = one(solar_wh=1000, charged_wh=800, from_grid_wh=100)

        assert day["solar_to_battery_wh"] == 800
        assert day["solar_to_home_wh"] == 200
        assert day["grid_to_home_wh"] == 100

    def test_charges_from_the_grid_with_what_the_home_cannot_have_used(self):
        night = one(solar_wh=500, charged_wh=2000, from_grid_wh=2100)

        assert night["home_wh"] == 600
        assert night["grid_to_battery_wh"] == 1500
        assert night["solar_to_battery_wh"] == 500

    def test_sells_the_sun_before_the_battery(self):
        evening = one(solar_wh=300, discharged_wh=700, to_grid_wh=400)

        assert (evening["solar_to_grid_wh"], evening["battery_to_grid_wh"]) == (300, 100)
        assert evening["battery_to_home_wh"] == 600

    def test_shows_what_went_out_without_having_come_in(self):
        odd = one(solar_wh=100, to_grid_wh=130)

        assert odd["home_wh"] == 0
        assert odd["remainder_wh"] == -30


class TestSelfSufficiency:
    @pytest.mark.parametrize(("home", "grid", "share"), [(1000, 250, 75), (1000, 0, 100), (1000, 4000, 0)])
    def test_is_the_share_of_use_that_did_not_come_from_the_grid(self, home, grid, share):
        assert flows.self_sufficiency_pct(home, grid) == share

    @pytest.mark.parametrize(
        ("home", "grid"), [(0, 0), (None, 5), (5, None), (float("nan"), 5), (5, float("nan"))]
    )
    def test_is_nothing_without_enough_to_go_by(self, home, grid):
        assert flows.self_sufficiency_pct(home, grid) is None
