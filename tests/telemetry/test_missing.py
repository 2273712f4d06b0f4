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


def stored(*, until=96, gaps=()):
    known = np.arange(96) < until
    known[list(gaps)] = False
    return known


def newest(rows, now=NOW):
    (window,) = missing.newest([1], {(1, day): row for day, row in rows.items()}, now=now)
    return window.start, window.end


class TestTheNewestStretch:
    def test_of_a_new_sensor_is_the_last_48_hours_in_whole_days(self):
        assert newest({}) == (at(13), at(15, 12, 15))

    def test_begins_three_hours_before_the_last_known_bucket_s_end_as_that_may_still_change(self):
        rows = {date(2026, 6, 14): stored(), TODAY: stored(until=40)}

        assert newest(rows) == (at(15, 7), at(15, 12, 15))

    def test_goes_back_to_a_hole_of_the_last_hours(self):
        assert newest({TODAY: stored(until=40, gaps=[8])})[0] == at(15, 2)

    def test_leaves_an_older_hole_to_the_day_s_own_turn(self):
        rows = {date(2026, 6, 14): stored(gaps=[50]), TODAY: stored(until=40)}

        assert newest(rows)[0] == at(15, 7)

    def test_goes_back_to_where_a_home_fell_silent(self):
        assert newest({date(2026, 6, 11): stored(until=80)})[0] == at(11, 17)

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


@pytest.mark.usefixtures("whole_history")
class TestADayThatIsDueAgain:
    day = date(2026, 6, 14)
    ended = at(15)

    def asked(self, *, complete, until=timedelta(days=500)):
        """Return after how many days it is asked for, if each time it is asked a little late."""
        moment, ages = None, []
        while (moment := missing.ask_again_at(self.day, complete=complete, asked_at=moment)) is not None:
            ages.append((moment - self.ended) / missing.DAY)
            moment += timedelta(minutes=15)
            assert moment < self.ended + until
        return ages

    def test_is_asked_for_after_hours_a_day_a_week_and_a_month(self):
        assert self.asked(complete=True) == [0.125, 1, 7, 30]

    def test_is_asked_for_more_often_and_as_long_as_it_is_kept_while_it_has_gaps(self):
        assert self.asked(complete=False) == [0.125, 1, 2, 4, 8, 16, *range(30, 400, 30)]

    def test_is_not_asked_for_while_it_runs(self):
        assert missing.ask_again_at(self.day, complete=False, asked_at=at(14, 9)) == at(15, 3)

    def test_of_long_ago_that_is_complete_is_not_asked_for_again(self):
        late = self.ended + timedelta(days=100)

        assert missing.ask_again_at(self.day, complete=True, asked_at=late) is None

    @given(st.dictionaries(st.integers(1, 3), st.sets(st.integers(0, 60), min_size=1), max_size=3))
    def test_is_asked_for_once_with_others_of_its_week(self, ages):
        days = {sensor: [TODAY - timedelta(days=age) for age in some] for sensor, some in ages.items()}
        windows = missing.again(days)

        assert all(timedelta(0) < window.end - window.start <= missing.LONGEST for window in windows)
        for sensor, some in days.items():
            own = [window for window in windows if window.sensor == sensor]
            assert all(sum(missing.covers(window, day) for window in own) == 1 for day in some)
            assert len(own) <= len({(TODAY - day).days for day in some})
            assert own == sorted(own, key=lambda window: window.end, reverse=True)
