from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.telemetry import missing

NOW = datetime(2026, 6, 15, 12, 7, tzinfo=UTC)
TODAY = NOW.date()


def at(day, hour=0, minute=0):
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def stored(*, until=96, gaps=(), closed=False):
    known = np.arange(96) < until
    known[list(gaps)] = False
    return None if closed else known


def newest(rows, now=NOW):
    (window,) = missing.newest([1], {(1, day): row for day, row in rows.items()}, now=now)
    return window.start, window.end


class TestTheNewestStretch:
    def test_of_a_new_sensor_is_the_last_48_hours_in_whole_days(self):
        assert newest({}) == (at(13), at(15, 12, 15))

    def test_begins_half_an_hour_before_the_first_bucket_that_is_missing(self):
        rows = {
            date(2026, 6, 13): stored(closed=True),
            date(2026, 6, 14): stored(closed=True),
            TODAY: stored(until=40),
        }

        assert newest(rows) == (at(15, 9, 30), at(15, 12, 15))

    def test_goes_back_to_a_gap_while_that_may_still_be_filled(self):
        rows = {
            date(2026, 6, 13): stored(closed=True),
            date(2026, 6, 14): stored(gaps=[50]),
            TODAY: stored(until=40),
        }

        assert newest(rows)[0] == at(14, 12)

    def test_goes_back_to_an_open_day_that_was_left_behind(self):
        rows = {date(2026, 6, 11): stored(until=80)}

        assert newest(rows)[0] == at(11, 19, 30)

    @given(st.dictionaries(st.integers(0, 9), st.integers(0, 96), max_size=10))
    def test_is_never_longer_than_the_api_allows(self, rows):
        start, end = newest({TODAY - timedelta(days=ago): stored(until=until) for ago, until in rows.items()})

        assert timedelta(0) < end - start <= missing.LONGEST
        assert end > NOW


class TestTheWeekBefore:
    def test_asks_each_sensor_only_for_what_it_lacks(self):
        closed = {1: {date(2026, 6, 12), date(2026, 6, 11)}, 2: set()}

        first, windows = missing.week([1, 2], closed, below=date(2026, 6, 13), goal=date(2026, 1, 1))

        assert first == date(2026, 6, 6)
        assert [(window.sensor, window.start, window.end) for window in windows] == [
            (1, at(6), at(11)),
            (2, at(6), at(13)),
        ]

    def test_skips_weeks_in_which_nothing_is_missing(self):
        complete = {date(2026, 6, 13) - timedelta(days=ago) for ago in range(1, 15)}

        first, windows = missing.week([1], {1: complete}, below=date(2026, 6, 13), goal=date(2026, 1, 1))

        assert (first, windows[0].end) == (date(2026, 5, 23), datetime(2026, 5, 30, tzinfo=UTC))

    def test_ends_at_the_goal(self):
        assert missing.week([1], {}, below=date(2026, 6, 3), goal=date(2026, 6, 1))[0] == date(2026, 6, 1)
        assert missing.week([1], {}, below=date(2026, 6, 1), goal=date(2026, 6, 1)) == (date(2026, 6, 1), ())

    @given(st.sets(st.integers(0, 60)), st.integers(1, 60))
    def test_reaches_every_absent_day_once_and_no_closed_week_at_all(self, absent, length):
        goal, below = TODAY - timedelta(days=length), TODAY
        everything = {goal + timedelta(days=number) for number in range(length)}
        closed = {1: everything - {goal + timedelta(days=number) for number in absent}}
        wanted, asked = everything - closed[1], set()
        while True:
            below, windows = missing.week([1], closed, below=below, goal=goal)
            if not windows:
                break
            (window,) = windows
            assert window.end - window.start <= missing.LONGEST
            covered = {day for day in everything if window.start <= missing.midnight(day) < window.end}
            assert covered & wanted
            assert not covered & asked
            asked |= covered
        assert wanted <= asked


class TestClosingADay:
    day = date(2026, 6, 14)
    whole = missing.Window(sensor=1, start=at(14), end=at(15))

    @pytest.mark.parametrize(
        ("gaps", "now", "final"),
        [
            ((), at(15, 1), False),
            ((), at(15, 3), True),
            ((5,), at(15, 3), False),
            ((5,), at(16, 23), False),
            ((5,), at(17), True),
        ],
    )
    def test_waits_two_hours_when_it_is_complete_and_two_days_when_not(self, gaps, now, final):
        assert missing.closes(self.day, stored(gaps=gaps), window=self.whole, now=now) is final

    @pytest.mark.parametrize("span", [(at(14, 2), at(15)), (at(14), at(14, 1))])
    def test_never_rests_on_buckets_that_were_not_asked_for(self, span):
        part = missing.Window(sensor=1, start=span[0], end=span[1])

        assert not missing.closes(self.day, stored(gaps=[5]), window=part, now=at(20))
