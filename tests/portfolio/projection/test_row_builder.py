"""A home as one row: its directions, and what is unknown of it."""

from datetime import UTC, datetime, timedelta

import pytest

from gridshare_portal.portfolio.projection import aggregates, row_builder

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sensor(role, **told):
    at = told.pop("at", NOON - timedelta(minutes=20))
    return row_builder.SensorNow(role=role, at=at, read_at=at + timedelta(minutes=15) if at else None, **told)


class TestALine:
    def test_takes_battery_grid_and_solar_in_their_directions(self):
        sensors = [
            sensor("solar", in_w=0, out_w=3000),
            sensor("battery", in_w=900, out_w=0, charge_pct=40, capacity_wh=10_000, device=1),
            sensor("grid", in_w=100, out_w=0),
        ]

        line = row_builder.columns(sensors, now=NOON)

        assert (line["solar_w"], line["charging_w"], line["discharging_w"]) == (3000, 900, 0)
        assert (line["from_grid_w"], line["to_grid_w"], line["stored_wh"]) == (100, 0, 4000)

    def test_knows_nothing_of_now_from_readings_of_an_hour_ago(self):
        old = sensor(
            "battery", at=NOON - timedelta(hours=1), in_w=1, out_w=0, charge_pct=50, capacity_wh=1000
        )

        line = row_builder.columns([old], now=NOON)

        assert line["charging_w"] is line["charge_pct"] is line["stored_wh"] is None
        assert line["capacity_wh"] == 1000 and line["last_reading_at"] == NOON - timedelta(minutes=45)

    def test_adds_two_batteries_only_when_both_tell(self):
        one = sensor("battery", in_w=100, out_w=0, charge_pct=20, capacity_wh=10_000, device=1)
        other = sensor("battery", in_w=50, out_w=0, charge_pct=80, capacity_wh=5_000, device=2)
        silent = sensor("battery", at=None, capacity_wh=5_000, device=3)

        both = row_builder.columns([one, other], now=NOON)

        assert both["charging_w"] == 150 and both["stored_wh"] == pytest.approx(2000 + 4000)
        assert both["charge_pct"] == pytest.approx(40)
        assert row_builder.columns([one, silent], now=NOON)["charging_w"] is None

    def test_of_a_home_without_readings_is_unknown_and_never_zero(self):
        line = row_builder.columns([sensor("battery", at=None)], now=NOON)

        assert {line[name] for name in aggregates.SUMMED} == {None}
        assert line["last_reading_key"] == line["charge_key"] == row_builder.UNKNOWN_KEY
