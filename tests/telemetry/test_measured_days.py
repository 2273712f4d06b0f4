"""Three days of a real home in England, as its meters told them, with five hours of silence on the second."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gridshare_portal.energy import periods
from gridshare_portal.gridshare import types
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import days, missing, queries

ROWS = list(csv.DictReader((Path(__file__).parent / "measured_days.csv").open()))
SILENCE = slice(66, 86)  # the quarters of 27 May, in London, of which nothing came: 15:30 to 20:30 UTC
BEFORE, SILENT, AFTER = (date(2025, 5, 26 + number) for number in range(3))


def counted(name, first, last):
    """The counter's growth between the quarters that end at two moments (UTC), in Wh."""
    at = {row["start_utc"]: float(row[name]) for row in ROWS}
    ends = [f"{moment - missing.STEP:%Y-%m-%dT%H:%M}" for moment in (first, last)]
    return at[ends[1]] - at[ends[0]]


@pytest.fixture
def measured(home):
    sites.Site.objects.update(time_zone="Europe/London")
    home.site.refresh_from_db()
    columns = {
        "solar": (None, "solar_w", None, "solar_out_wh"),
        "grid": ("grid_w", None, "grid_in_wh", "grid_out_wh"),
    }
    begins, ends = datetime(2025, 5, 26, tzinfo=UTC), datetime(2025, 5, 29, tzinfo=UTC)
    for role in columns:
        window = missing.Window(sensor=home.sensor(role).pk, start=begins, end=ends)
        answer = days.FetchedReadings(window=window, readings=[of(role, row) for row in ROWS])
        days.store(days.merge([answer], now=ends + timedelta(hours=4)))
        days.write_latest([answer], now=ends + timedelta(hours=4))
    home.read_at(ends + timedelta(hours=4))
    return home.site


def of(role, row):
    watts = float(row[f"{role}_w"]) * (-1 if role == "solar" else 1)
    return types.Reading(
        at=datetime.fromisoformat(f"{row['start_utc']}+00:00"),
        in_w=max(watts, 0.0),
        out_w=max(-watts, 0.0),
        in_wh=float(row["grid_in_wh"]) if role == "grid" else 0.0,
        out_wh=float(row[f"{role}_out_wh"]),
    )


def local_day(site, day):
    return periods.local_day(day, site.zone)


class TestADayWithFiveHoursOfSilence:
    def test_has_all_the_energy_that_its_meters_counted(self, measured):
        found = queries.totals(measured, local_day(measured, SILENT))

        assert found.solar_wh == pytest.approx(15_800, abs=50)
        assert found.self_sufficiency_pct == pytest.approx(55, abs=0.5)
        assert (found.missing_s, found.uncounted_s) == (0, 0)
        assert found.reckoned_s == 5 * 3600

    def test_knows_nothing_of_the_hours_of_silence(self, measured):
        period = local_day(measured, SILENT)
        fine = queries.buckets(measured, period)
        hours = queries.bars(measured, periods.cut(period, "hour", measured.zone))

        for name in ("solar_w", "from_grid_w", "home_w", "solar_wh", "from_grid_wh", "home_wh"):
            assert set(fine[name][SILENCE]) == {None}, name
            assert None not in fine[name][: SILENCE.start], name
        assert [hour for hour, bar in enumerate(hours) if bar.solar_wh is None] == [17, 18, 19, 20]
        assert len(fine["solar_w"]) - fine["solar_w"].count(None) == 96 - 20

    def test_is_the_sum_of_its_parts_where_those_are_known(self, measured):
        period = local_day(measured, SILENT)
        whole = queries.totals(measured, period)
        fine = queries.buckets(measured, period)
        gap = queries.totals(
            measured, periods.Period(period.start + 66 * missing.STEP, period.start + 87 * missing.STEP)
        )

        for name in ("solar_wh", "from_grid_wh", "to_grid_wh"):
            known = np.nansum(np.array(fine[name], dtype=float))
            assert known + getattr(gap, name) == pytest.approx(getattr(whole, name), abs=0.001), name


class TestEveryDay:
    @pytest.mark.parametrize("day", [BEFORE, SILENT, AFTER])
    def test_has_what_the_counters_say_at_both_midnights(self, measured, day):
        period = local_day(measured, day)
        if day == BEFORE:  # whose counters begin at 00:45
            period = periods.Period(period.start + timedelta(hours=2), period.end)
        found = queries.totals(measured, period)

        wanted = {
            "solar_wh": counted("solar_out_wh", period.start, period.end),
            "from_grid_wh": counted("grid_in_wh", period.start, period.end),
            "to_grid_wh": counted("grid_out_wh", period.start, period.end),
        }
        assert {name: getattr(found, name) for name in wanted} == pytest.approx(wanted, abs=0.01)
        came_in = wanted["solar_wh"] + wanted["from_grid_wh"] - wanted["to_grid_wh"]
        assert found.home_wh + found.remainder_wh == pytest.approx(came_in, abs=0.01)
