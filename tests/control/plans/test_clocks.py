from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.control.plans import clocks

LA, LORD_HOWE, KATHMANDU = (
    ZoneInfo(name) for name in ("America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu")
)
ZONES = st.sampled_from([LA, LORD_HOWE, KATHMANDU, ZoneInfo("Pacific/Apia"), ZoneInfo("Europe/London")])
MOMENTS = st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


class TestTheNightTheClocksChange:
    @pytest.mark.parametrize(
        ("shown", "zone", "sentence"),
        [
            (
                datetime(2026, 3, 8, 2, 30),
                LA,
                "On Sunday, March 8 there is no 02:30, because the clocks go forward from 02:00 to 03:00. "
                "Choose a time before 02:00 or from 03:00 on.",
            ),
            (
                datetime(2026, 10, 4, 2, 15),
                LORD_HOWE,
                "On Sunday, October 4 there is no 02:15, because the clocks go forward from 02:00 to 02:30. "
                "Choose a time before 02:00 or from 02:30 on.",
            ),
        ],
    )
    def test_has_an_hour_that_does_not_exist(self, shown, zone, sentence):
        with pytest.raises(clocks.NoSuchMoment) as refused:
            clocks.to_utc(shown, zone)

        assert str(refused.value) == sentence

    @pytest.mark.parametrize(
        ("shown", "zone", "sentence"),
        [
            (
                datetime(2026, 11, 1, 1, 30),
                LA,
                "On Sunday, November 1 01:30 comes twice, because the clocks go back from 02:00 to 01:00. "
                "Choose a time before 01:00 or from 02:00 on.",
            ),
            (
                datetime(2026, 4, 5, 1, 45),
                LORD_HOWE,
                "On Sunday, April 5 01:45 comes twice, because the clocks go back from 02:00 to 01:30. "
                "Choose a time before 01:30 or from 02:00 on.",
            ),
        ],
    )
    def test_has_an_hour_that_comes_twice(self, shown, zone, sentence):
        with pytest.raises(clocks.NoSuchMoment) as refused:
            clocks.to_utc(shown, zone)

        assert str(refused.value) == sentence

    @pytest.mark.parametrize(
        ("shown", "hour"),
        [
            (datetime(2026, 3, 8, 1, 59), 9),
            (datetime(2026, 3, 8, 3, 0), 10),
            (datetime(2026, 11, 1, 0, 59), 7),
            (datetime(2026, 11, 1, 2, 0), 10),
        ],
    )
    def test_is_as_any_other_before_and_after(self, shown, hour):
        assert clocks.to_utc(shown, LA).hour == hour

    def test_leaves_a_moment_with_an_offset_as_it_is(self):
        second = datetime(2026, 11, 1, 1, 30, tzinfo=LA, fold=1)

        assert clocks.to_utc(second, LA) == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


class TestThereAndBack:
    @given(MOMENTS, ZONES)
    def test_is_the_same_moment(self, moment, zone):
        assert clocks.to_utc(clocks.to_local(moment, zone), zone) == moment

    @given(MOMENTS, ZONES)
    def test_shows_an_offset_only_in_the_hour_that_comes_twice(self, moment, zone):
        shown = clocks.to_local(moment, zone)
        hours = (timedelta(minutes=30), timedelta(hours=1))
        repeats = any(
            (moment + sign * step).astimezone(zone).replace(tzinfo=None, fold=0)
            == shown.replace(tzinfo=None, fold=0)
            for step in hours
            for sign in (1, -1)
        )

        assert (shown.tzinfo is not None) == repeats

    @given(st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1)), ZONES)
    def test_tells_every_time_a_clock_can_show_from_those_it_cannot(self, shown, zone):
        try:
            moment = clocks.to_utc(shown, zone)
        except clocks.NoSuchMoment as refusal:
            assert f"{shown:%H:%M}" in str(refusal)
        else:
            assert moment.astimezone(zone).replace(tzinfo=None) == shown
