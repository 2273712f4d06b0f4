from datetime import UTC, datetime, timedelta

import pytest

from gridshare_portal.telemetry import latest
from gridshare_portal.telemetry.models import Latest

AT = datetime(2026, 6, 10, 12, tzinfo=UTC)
NOW = AT + timedelta(minutes=20)


def newest(sensor, *, at=AT, read_at=NOW, **values):
    return Latest.objects.create(
        sensor=sensor, at=at, read_at=read_at, **{"in_w": 0.0, "out_w": 0.0, **values}
    )


class TestNow:
    def test_is_the_balance_of_the_newest_readings(self, home):
        newest(home.sensor("grid"), in_w=300)
        newest(home.sensor("battery"), in_w=500, charge_pct=40)
        newest(home.sensor("solar"), out_w=1200)
        newest(home.sensor("ev"), in_w=700)
        home.read_at(NOW)
        moment = latest.now_of(home.site, now=NOW)

        assert (moment.solar_w, moment.charging_w, moment.from_grid_w, moment.home_w) == (
            1200,
            500,
            300,
            1000,
        )
        assert moment.solar_to_battery_w == 500
        assert moment.solar_to_home_w + moment.grid_to_home_w + moment.battery_to_home_w == moment.home_w
        assert (moment.ev_w, moment.relay_w, moment.remainder_w, moment.charge_pct) == (700, None, 0, 40)
        assert (moment.roles, moment.unknown) == (("battery", "ev", "grid", "solar"), ())
        assert (moment.at, moment.read_at, moment.freshness) == (AT + timedelta(minutes=15), NOW, "fresh")

    def test_does_not_mix_readings_that_are_not_of_the_same_time(self, home):
        newest(home.sensor("grid"), in_w=300)
        newest(home.sensor("solar"), out_w=1200, at=AT - timedelta(hours=1))
        moment = latest.now_of(home.site, now=NOW)

        assert (moment.from_grid_w, moment.solar_w, moment.home_w) == (300, None, None)
        assert moment.unknown == ("solar",)

    def test_does_not_know_the_use_of_a_home_without_a_grid_meter(self, home):
        newest(home.sensor("solar"), out_w=1200)

        assert latest.now_of(home.site, now=NOW).home_w is None

    def test_weighs_the_charge_of_batteries_by_their_size(self, home):
        newest(home.sensor("battery", capacity_wh=10_000), charge_pct=100)
        newest(home.sensor("battery", capacity_wh=30_000), charge_pct=20)

        assert latest.now_of(home.site, now=NOW).charge_pct == 40

    def test_takes_the_plain_mean_when_a_size_is_not_known(self, home):
        newest(home.sensor("battery", capacity_wh=10_000), charge_pct=100)
        newest(home.sensor("battery"), charge_pct=20)

        assert latest.now_of(home.site, now=NOW).charge_pct == 60

    def test_of_a_home_without_sensors_is_nothing(self, home):
        moment = latest.now_of(home.site, now=NOW)

        assert (moment.at, moment.home_w, moment.freshness, moment.roles) == (None, None, "none", ())

    def test_costs_three_queries(self, home, django_assert_num_queries):
        for role in ("grid", "battery", "solar", "ev", "relay"):
            newest(home.sensor(role))

        with django_assert_num_queries(3):
            latest.now_of(home.site, now=NOW)


class TestFreshness:
    @pytest.mark.parametrize(
        ("minutes", "word"),
        [
            (0, "fresh"),
            (20, "fresh"),
            (21, "late"),
            (31, "stale"),
            (24 * 60, "stale"),
            (24 * 60 + 1, "silent"),
        ],
    )
    def test_ages_in_four_steps(self, minutes, word):
        assert latest.freshness(AT, now=AT + timedelta(minutes=minutes)) == word

    def test_of_nothing_is_none(self):
        assert latest.freshness(None, now=AT) == "none"
