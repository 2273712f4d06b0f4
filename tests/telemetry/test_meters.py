"""What a device can do, and what becomes of readings beyond that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import latest, meters, missing, queries
from gridshare_portal.telemetry.models import Day
from tests import environment
from tests.telemetry.solar import LATER, START, over


def sensor(role, *, kind="", capacity_wh=None, power_limit_w=None):
    device = sites.Device(kind=kind, capacity_wh=capacity_wh, power_limit_w=power_limit_w)
    return sites.Sensor(role_found=role, device=device)


class TestALimit:
    @pytest.mark.parametrize(
        ("role", "rated", "limit_w"),
        [
            ("battery", {"power_limit_w": 9_600.0, "capacity_wh": 5_000.0}, 19_200),
            ("battery", {"capacity_wh": 15_000.0}, 30_000),
            (
                "battery",
                {"power_limit_w": 1_000.0, "capacity_wh": 10_000.0},
                20_000,
            ),  # a setting, not a rating
            ("battery", {"power_limit_w": 90_000.0}, 50_000),
            ("battery", {}, 50_000),
            ("ev", {"power_limit_w": 7_400.0}, 14_800),
            ("ev", {"capacity_wh": 60_000.0}, 50_000),
            ("relay", {"power_limit_w": 3_000.0}, 6_000),
            ("solar", {"power_limit_w": 4_000.0, "kind": "PV"}, 8_000),
            ("solar", {"power_limit_w": 4_000.0, "kind": "inverter"}, 100_000),
            ("grid", {"power_limit_w": 9_600.0, "kind": "inverter"}, 100_000),
            ("home", {}, 100_000),
        ],
    )
    def test_is_the_device_s_rating_with_a_margin_else_the_role_s(self, role, rated, limit_w):
        assert meters.limit_of(sensor(role, **rated)) == limit_w

    def test_is_the_role_s_where_no_device_is_known(self):
        assert meters.limit_of(sites.Sensor(role_found="battery")) == meters.LIMITS_W["battery"]

    @settings(max_examples=environment.rounds(quick=30, long=2000))
    @given(
        role=st.sampled_from([*sites.Role.values, "heat pump"]),
        kind=st.sampled_from(["", "PV", "inverter", "meter"]),
        capacity_wh=st.none() | st.floats(0, 1e9),
        power_limit_w=st.none() | st.floats(0, 1e9),
    )
    def test_is_above_the_rating_and_never_above_the_role_s(self, role, kind, capacity_wh, power_limit_w):
        found = meters.limit_of(sensor(role, kind=kind, capacity_wh=capacity_wh, power_limit_w=power_limit_w))
        most_w = meters.LIMITS_W.get(role, meters.LIMIT_W)

        assert 0 < found <= most_w
        assert found >= min(power_limit_w or 0, most_w)


class TestADeviceThatTellsMoreThanItCan:
    @pytest.fixture
    def battery(self, home):
        """A battery that holds 10 kWh: it never takes in or gives out more than 20 kW."""
        found = home.sensor("battery", capacity_wh=10_000.0)
        home.read_at(LATER)
        return found

    def test_did_not_jump_by_what_it_cannot_take_in(self, home, battery):
        went_in = [500] * 96
        went_in[40] = 6_000  # 24 kW
        home.tell(battery, START, went_in, charge_pct=50.0, now=LATER)
        fine = queries.buckets(home.site, over(START, 96))

        assert fine["charged_wh"][39:42] == [500, None, 500]
        assert fine["charging_w"][39:42] == [2000, None, 2000]
        row = Day.objects.get(sensor=battery, day=START.date())
        assert row.in_wh == 94 * 500 and row.peak_w == 2000
        assert queries.totals(home.site, over(START, 96)).charged_wh == row.in_wh

    def test_of_another_size_may(self, home, battery):
        sites.Device.objects.update(capacity_wh=15_000.0)
        went_in = [500] * 96
        went_in[40] = 6_000
        home.tell(battery, START, went_in, charge_pct=50.0, now=LATER)

        assert queries.buckets(home.site, over(START, 96))["charged_wh"][40] == 6_000

    def test_is_not_shown_with_it_now(self, home, battery):
        home.tell(battery, START, [6_000], charge_pct=50.0, now=START + missing.STEP)
        assert latest.now_of(home.site, now=START + missing.STEP).charging_w is None

        sites.Device.objects.update(capacity_wh=15_000.0)
        assert latest.now_of(home.site, now=START + missing.STEP).charging_w == 24_000

    def test_does_not_make_the_figures_of_others_unknown(self, home, battery):
        solar = home.sensor("solar")
        went_in = [500] * 96
        went_in[40] = 6_000
        home.tell(battery, START, went_in, charge_pct=50.0, now=LATER)
        home.tell(solar, START, [0] * 96, [700] * 96, now=LATER)
        fine = queries.buckets(home.site, over(START, 96))

        assert fine["solar_wh"][1:] == [700] * 95
        assert np.isfinite(np.array(fine["solar_w"], dtype=float)).all()
