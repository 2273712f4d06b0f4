from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.homeowner.history import range

TODAY = date(2026, 11, 22)
ZONE = ZoneInfo("Europe/London")
FIELDS = ["view", "day", "from", "to", "by"]


def read(**query):
    lists = {name.rstrip("_"): value if isinstance(value, list) else [value] for name, value in query.items()}
    return range.read(lists, today=TODAY, zone=ZONE)


def choice(**query):
    asked = read(**query)
    assert not asked.faults
    return asked.choice


class TestReadingAnAddress:
    def test_means_today_when_it_says_nothing(self):
        assert choice() == range.HistoryRange("day", TODAY, TODAY, "quarter")

    @pytest.mark.parametrize(
        ("view", "first", "last", "by"),
        [
            ("day", date(2026, 11, 4), date(2026, 11, 4), "quarter"),
            ("week", date(2026, 11, 2), date(2026, 11, 8), "day"),
            ("month", date(2026, 11, 1), date(2026, 11, 30), "day"),
            ("year", date(2026, 1, 1), date(2026, 12, 31), "month"),
        ],
    )
    def test_takes_the_whole_stretch_around_a_day(self, view, first, last, by):
        assert choice(view=view, day="2026-11-04") == range.HistoryRange(view, first, last, by)

    def test_takes_a_leap_february_whole(self):
        assert choice(view="month", day="2024-02-10").last == date(2024, 2, 29)

    def test_takes_a_free_range_of_400_days_and_no_more(self):
        assert choice(view="range", from_="2025-10-19", to="2026-11-22").days == 400
        assert "400 days" in read(view="range", from_="2025-10-18", to="2026-11-22").faults["to"]

    @pytest.mark.parametrize(
        ("value", "sentence"),
        [
            ("2026-02-30", "not in the calendar"),
            ("0001-01-01", "before 2000"),
            ("9999-12-31", "not come yet"),
            ("9999-99-99", "not in the calendar"),
            ("2026-11-23", "not come yet"),
            ("２０２６-11-22", "year, month, day"),
            ("2026-11-22T00:00", "year, month, day"),
            ("20261122", "year, month, day"),
            ("2026-W47-7", "year, month, day"),
            ("-2026-11-2", "year, month, day"),
            ("2026-11-22\x00", "year, month, day"),
            ("x" * 10_000, "year, month, day"),
            (["2026-11-20", "2026-11-21"], "more than once"),
        ],
    )
    def test_says_at_the_field_what_is_wrong_with_a_day(self, value, sentence):
        asked = read(day=value)

        assert asked.choice is None
        assert sentence in asked.faults["day"]

    def test_refuses_a_last_day_before_the_first(self):
        assert "before the first" in read(view="range", from_="2026-11-20", to="2026-11-19").faults["to"]

    def test_asks_for_both_ends_of_a_range(self):
        assert set(read(view="range").faults) == {"from", "to"}

    @pytest.mark.parametrize("view", ["decade", "Day", ["day", "week"]])
    def test_refuses_a_view_that_it_does_not_know(self, view):
        assert set(read(view=view).faults) == {"view"}

    def test_refuses_a_step_that_cannot_be_drawn_but_lets_a_file_have_it(self):
        query = {"view": ["year"], "by": ["quarter"]}

        assert set(range.read(query, today=TODAY, zone=ZONE).faults) == {"by"}
        assert range.read(query, today=TODAY, zone=ZONE, beyond=range.STEPS).choice.by == "quarter"

    @given(st.dictionaries(st.sampled_from(FIELDS), st.lists(st.text(max_size=20), max_size=3)))
    def test_answers_anything_with_a_choice_or_a_fault_and_never_both(self, query):
        asked = range.read(query, today=TODAY, zone=ZONE)

        assert (asked.choice is None) == bool(asked.faults)


class TestTurningThePages:
    @given(
        st.sampled_from(["day", "week", "month", "year"]),
        st.dates(min_value=date(2001, 1, 1), max_value=date(2025, 12, 31)),
    )
    def test_leaves_no_day_out_and_shows_none_twice(self, view, day):
        here = choice(view=view, day=day.isoformat())
        after = range.later(here, today=TODAY)

        assert (after.first - here.last).days == 1
        assert range.earlier(after) == here

    def test_stops_where_the_future_begins(self):
        assert range.later(choice(), today=TODAY) is None
        assert range.later(choice(view="year"), today=TODAY) is None

    def test_stops_where_the_past_ends(self):
        assert range.earlier(choice(day="2000-01-01")) is None

    def test_moves_a_range_by_its_own_length(self):
        here = choice(view="range", from_="2026-11-10", to="2026-11-12")

        assert range.earlier(here) == range.HistoryRange("range", date(2026, 11, 7), date(2026, 11, 9), "day")
        assert range.later(here, today=TODAY).first == date(2026, 11, 13)

    def test_ends_a_later_range_today(self):
        here = choice(view="range", from_="2026-11-10", to="2026-11-20")

        assert range.later(here, today=TODAY).last == TODAY

    def test_keeps_the_step(self):
        assert range.earlier(choice(view="week", by="hour")).by == "hour"


class TestTheAddressOfAChoice:
    @given(
        st.sampled_from(range.VIEWS),
        st.dates(min_value=date(2000, 1, 10), max_value=TODAY),
        st.integers(0, 399),
    )
    def test_reads_back_as_the_same_choice(self, view, day, more):
        first, last = range.whole(view, day)
        if view == "range":
            last = min(date.fromordinal(day.toordinal() + more), TODAY)
        plain = range.HistoryRange(view, first, last, "")
        for by in plain.steps:
            here = range.HistoryRange(view, first, last, by)
            query = dict(pair.split("=") for pair in here.query().split("&"))

            assert choice(**query) == here

    def test_leaves_out_what_is_usual(self):
        assert choice(day="2026-11-04").query() == "view=day&day=2026-11-04"

    def test_of_another_view_keeps_the_day_in_sight(self):
        november = choice(view="month", day="2026-11-01")
        october = choice(view="month", day="2026-10-01")

        assert range.seen_as(november, "day", today=TODAY).first == TODAY
        assert range.seen_as(october, "day", today=TODAY).first == date(2026, 10, 1)
        assert range.seen_as(november, "range", today=TODAY).last == TODAY


class TestTheTitle:
    @pytest.mark.parametrize(
        ("query", "title"),
        [
            ({"day": "2026-11-22"}, "Sunday 22 November 2026"),
            ({"view": "week", "day": "2026-11-04"}, "2 to 8 November 2026"),
            ({"view": "week", "day": "2026-10-01"}, "28 September to 4 October 2026"),
            ({"view": "week", "day": "2026-01-01"}, "29 December 2025 to 4 January 2026"),
            ({"view": "month", "day": "2026-11-04"}, "November 2026"),
            ({"view": "year", "day": "2026-11-04"}, "2026"),
        ],
    )
    def test_says_which_days_these_are(self, query, title):
        assert range.title(choice(**query)) == title


class TestADayThatClocksSkipped:
    @pytest.mark.parametrize("by", range.STEPS)
    def test_is_said_to_be_none(self, by):
        query = {"day": ["2011-12-30"], "by": [by]}
        asked = range.read(query, today=TODAY, zone=ZoneInfo("Pacific/Apia"), beyond=range.STEPS)

        assert asked.choice is None
        assert asked.faults == {"day": "Clocks in Pacific/Apia skipped that day."}

    def test_is_no_hole_in_its_week(self):
        query = {"view": ["week"], "day": ["2011-12-30"]}

        assert range.read(query, today=TODAY, zone=ZoneInfo("Pacific/Apia")).choice.days == 7


class TestThePastOfAHome:
    def test_ends_with_its_first_reading(self):
        here = choice(view="month", day="2026-11-01")

        assert range.earlier(here, begins=date(2026, 10, 31)) is not None
        assert range.earlier(here, begins=date(2026, 11, 1)) is None
