from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gridshare_portal.energy import periods
from tests.energy.drawn import dates, moments, zones


def hours(period):
    return (period.end - period.start) / timedelta(hours=1)


class TestALocalDay:
    @pytest.mark.parametrize(
        ("zone", "day", "length"),
        [
            ("Europe/London", date(2026, 3, 29), 23),
            ("Europe/London", date(2026, 6, 1), 24),
            ("Europe/London", date(2026, 10, 25), 25),
            ("America/Los_Angeles", date(2026, 11, 1), 25),
            ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
            ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
            ("Asia/Kolkata", date(2026, 3, 29), 24),
            ("Pacific/Apia", date(2011, 12, 30), 0),
            ("Africa/Cairo", date(2026, 4, 24), 23),
            ("America/Havana", date(2026, 11, 1), 25),
        ],
    )
    def test_is_as_long_as_its_clock_says(self, zone, day, length):
        assert hours(periods.local_day(day, ZoneInfo(zone))) == length

    def test_begins_on_the_day_before_at_the_far_side_of_the_date_line(self):
        day = periods.local_day(date(2026, 1, 1), ZoneInfo("Pacific/Kiritimati"))

        assert day.start == datetime(2025, 12, 31, 10, tzinfo=UTC)

    def test_of_a_half_hour_zone_begins_at_half_past(self):
        day = periods.local_day(date(2026, 1, 1), ZoneInfo("Asia/Kolkata"))

        assert day.start == datetime(2025, 12, 31, 18, 30, tzinfo=UTC)

    @given(dates, zones)
    def test_ends_where_the_next_begins(self, day, zone):
        assert periods.local_day(day, zone).end == periods.local_day(day + timedelta(days=1), zone).start

    @given(moments, zones)
    def test_holds_exactly_the_moments_whose_clock_shows_it(self, moment, zone):
        day = moment.astimezone(zone).date()

        assert periods.local_day(day, zone).start <= moment < periods.local_day(day, zone).end


class TestLongerPeriods:
    @given(dates, zones)
    def test_are_the_sum_of_their_days(self, day, zone):
        period = periods.local_month(day, zone)
        days = periods.days_of(period, zone)

        assert sum((one.end - one.start for one in days), timedelta()) == period.end - period.start
        assert [one.start for one in days] == [period.start] + [one.end for one in days[:-1]]


class TestCuttingAPeriod:
    @given(moments, st.integers(0, 100_000), zones)
    @example(
        datetime(2008, 1, 1, 23, 0, 0, 1, tzinfo=UTC), 60, ZoneInfo("Europe/London")
    )  # ends a moment after
    def test_puts_every_second_into_one_day_and_one_month(self, start, minutes, zone):
        period = periods.Period(start, start + timedelta(minutes=minutes))

        for cut in (periods.days_of, periods.months_of):
            pieces = cut(period, zone)

            assert sum((one.end - one.start for one in pieces), timedelta()) == period.end - period.start
            assert all(one.end == two.start for one, two in zip(pieces, pieces[1:], strict=False))

    def test_of_months_begin_on_their_first_dates(self):
        zone = ZoneInfo("America/New_York")
        first, last = (periods.local_month(date(2026, month, 4), zone) for month in (1, 12))
        year = periods.Period(first.start, last.end)

        assert [month.start.astimezone(zone).date() for month in periods.months_of(year, zone)] == [
            date(2026, month, 1) for month in range(1, 13)
        ]

    def test_leaves_out_the_day_that_samoa_left_out(self):
        zone = ZoneInfo("Pacific/Apia")
        month = periods.local_month(date(2011, 12, 1), zone)

        assert date(2011, 12, 30) not in [
            day.start.astimezone(zone).date() for day in periods.days_of(month, zone)
        ]


class TestAPeriod:
    def test_refuses_moments_without_a_zone(self):
        with pytest.raises(ValueError, match="aware"):
            periods.Period(datetime(2026, 1, 1), datetime(2026, 1, 2))

    def test_refuses_to_end_before_it_starts(self):
        now = datetime(2026, 1, 1, tzinfo=UTC)
        with pytest.raises(ValueError, match="before"):
            periods.Period(now, now - timedelta(seconds=1))

    def test_leaves_nothing_of_one_that_lies_elsewhere(self):
        now = datetime(2026, 1, 1, tzinfo=UTC)
        early = periods.Period(now, now + timedelta(hours=1))
        late = periods.Period(now + timedelta(hours=5), now + timedelta(hours=6))

        assert hours(early.within(late)) == hours(late.within(early)) == 0
