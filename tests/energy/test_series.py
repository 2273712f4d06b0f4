from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridshare_portal.energy import periods, series
from tests import environment
from tests.energy.drawn import dates, zones

QUARTER_S = 900


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


class TestAGrid:
    def test_touches_every_step_of_a_period_that_is_not_aligned(self):
        grid = series.grid_over(periods.Period(at(2026, 1, 1, 0, 7), at(2026, 1, 1, 0, 31)), QUARTER_S)

        assert grid == series.Grid(at(2026, 1, 1), QUARTER_S, 3)
        assert grid.end == at(2026, 1, 1, 0, 45)

    def test_gives_a_step_to_the_period_it_starts_in(self):
        grid = series.Grid(at(2026, 1, 1), QUARTER_S, 4)
        first = periods.Period(at(2026, 1, 1), at(2026, 1, 1, 0, 20))
        second = periods.Period(at(2026, 1, 1, 0, 20), at(2026, 1, 1, 1))

        assert series.edges(grid, [first, second]).tolist() == [[0, 2], [2, 4]]

    def test_knows_nothing_outside_itself(self):
        grid = series.Grid(at(2026, 1, 1), QUARTER_S, 4)
        later = periods.Period(at(2026, 1, 2), at(2026, 1, 3))
        between = series.edges(grid, [later])

        assert np.isnan(series.sums(np.ones(4), between)).all()
        assert series.known(np.ones(4), between).tolist() == [0]


class TestRegrouping:
    @settings(max_examples=environment.rounds(quick=40, long=2000))
    @given(dates, zones, st.integers(0, 2**32 - 1))
    def test_keeps_the_whole_at_every_zoom(self, day, zone, seed):
        year = periods.Period(
            periods.local_month(day.replace(month=1, day=1), zone).start,
            periods.local_month(day.replace(month=12, day=1), zone).end,
        )
        grid = series.grid_over(year, QUARTER_S)
        values = np.random.default_rng(seed).integers(0, 5000, grid.count).astype(float)
        values[np.random.default_rng(seed + 1).random(grid.count) < 0.05] = np.nan
        whole = np.nansum(values)

        days = periods.days_of(year, zone)
        months = periods.months_of(year, zone)
        for pieces in (days, months, [year]):
            between = series.edges(grid, pieces)
            assert np.nansum(series.sums(values, between)) == whole
            assert series.known(values, between).sum() == (~np.isnan(values)).sum()

    def test_puts_the_hour_that_comes_twice_into_one_day_once_each(self):
        zone = ZoneInfo("Europe/London")
        autumn = periods.local_day(date(2026, 10, 25), zone)
        grid = series.grid_over(autumn, QUARTER_S)

        assert series.sums(np.ones(grid.count), series.edges(grid, [autumn])).tolist() == [100]

    @given(st.lists(st.one_of(st.none(), st.integers(0, 9000)), min_size=1, max_size=60), st.integers(1, 8))
    def test_of_equal_steps_loses_nothing(self, values, factor):
        column = np.array([np.nan if one is None else one for one in values], dtype=float)
        groups = series.every(factor, len(column))

        assert np.nansum(series.sums(column, groups)) == np.nansum(column)
        assert np.allclose(
            np.nansum(series.means(column, groups) * series.known(column, groups)), np.nansum(column)
        )

    def test_leaves_a_group_without_values_unknown(self):
        column = np.array([1.0, 3.0, np.nan, np.nan, np.nan])

        assert series.integers(series.means(column, series.every(2, 5))) == [2, None, None]


class TestIntegers:
    @pytest.mark.parametrize(
        ("values", "whole"), [([1.4, np.nan, -0.4], [1, None, 0]), ([2.6, 3.0], [3, 3]), ([], [])]
    )
    def test_are_whole_and_keep_unknown_apart_from_zero(self, values, whole):
        assert series.integers(np.array(values, dtype=float)) == whole


def test_a_grid_is_aligned_however_long_it_is():
    period = periods.Period(at(2026, 1, 1), at(2026, 1, 1) + timedelta(days=400))

    assert series.grid_over(period, QUARTER_S).count == 400 * 96
