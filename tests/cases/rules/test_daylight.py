"""The hours of sun that a home's own days tell."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.cases.rules import daylight
from tests.cases.facts import (
    ZONE,
)


class TestDaylight:
    def test_is_learned_from_hours_in_which_two_days_agree_without_the_edges(self):
        days = [date(2026, 6, 10), date(2026, 6, 11)]
        made = [(day, hour) for day in days for hour in range(6, 20)] + [(days[0], 23)]

        assert daylight.hours(made) == frozenset(range(7, 19))

    def test_of_nothing_is_nothing(self):
        assert daylight.hours([]) == frozenset()

    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
        st.timedeltas(timedelta(0), timedelta(days=10)),
        st.frozensets(st.integers(0, 23)),
        st.floats(0, 1),
    )
    def test_adds_up_and_never_exceeds_the_time_that_went_by(self, start, span, hours, share):
        middle, end = start + span * share, start + span
        whole = daylight.between(start, end, hours=hours, zone=ZONE)

        assert timedelta(0) <= whole <= span
        parts = [daylight.between(*pair, hours=hours, zone=ZONE) for pair in ((start, middle), (middle, end))]
        assert sum(parts, timedelta(0)) == whole
        assert daylight.between(start, end, hours=frozenset(range(24)), zone=ZONE) == span
