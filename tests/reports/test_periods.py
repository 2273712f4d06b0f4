"""The week or month that a report is about, and when the next is due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.reports import periods

DAY = timedelta(days=1)
ZONES = st.sampled_from(["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


class TestThePeriod:
    @given(MOMENTS, ZONES, st.sampled_from(["week", "month"]))
    def test_is_over_and_whole_and_the_next_is_due_after_it(self, now, zone, every):
        period = periods.before(every=every, zone=zone, now=now)
        due = periods.next_due(every=every, zone=zone, now=now)
        there = due.astimezone(ZoneInfo(zone))

        assert period.last < now.astimezone(ZoneInfo(zone)).date()
        assert (period.days[0], period.days[-1]) == (period.first, period.last)
        assert len(period.days) == 7 if every == "week" else (period.last + DAY).day == 1
        assert due > now and there.hour == 7
        assert there.weekday() == 0 if every == "week" else there.day == 1
        following = periods.before(every=every, zone=zone, now=due)
        assert following.first >= period.first and following.last == there.date() - DAY

    def test_is_named_in_words(self):
        named = [
            periods.Period(every="week", first=date(2026, 11, 9), last=date(2026, 11, 15)).title,
            periods.Period(every="week", first=date(2026, 11, 30), last=date(2026, 12, 6)).title,
            periods.Period(every="month", first=date(2026, 11, 1), last=date(2026, 11, 30)).title,
        ]

        assert named == ["9–15 November 2026", "30 November – 6 December 2026", "November 2026"]
