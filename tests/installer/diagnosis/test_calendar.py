from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.installer.diagnosis import calendar
from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry.models import Collection
from tests import people, readings

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FIRST = date(2026, 6, 1)
ASKED = (date(2026, 6, 3), NOW)


def laid(known, *, sensors=1, fetched=ASKED, first=FIRST):
    return calendar.calendar(known, sensors=sensors, first=first, fetched=fetched, now=NOW)


def level(day, known, **how):
    return next(one for one in laid(known, **how).squares if one.day == date(2026, 6, day))


class TestADay:
    @pytest.mark.parametrize(
        ("known", "name", "percent"),
        [
            (96, "full", 100),
            (95, "most", 99),
            (92, "most", 96),
            (91, "part", 95),
            (48, "part", 50),
            (47, "little", 49),
        ],
    )
    def test_is_as_complete_as_its_buckets(self, known, name, percent):
        square = level(10, {date(2026, 6, 5): 96, date(2026, 6, 10): known})

        assert (square.level, square.percent) == (name, percent)

    def test_of_which_nothing_came_is_empty_and_not_unknown(self):
        assert level(10, {date(2026, 6, 5): 96}).level == "none"

    def test_before_the_first_reading_is_nobodys_loss(self):
        assert level(4, {date(2026, 6, 5): 96}).level == "before"

    def test_that_was_not_asked_for_waits(self):
        square = level(2, {date(2026, 6, 5): 96})

        assert (square.level, square.percent) == ("waits", None)

    def test_that_goes_on_is_complete_once_all_that_is_over_is_known(self):
        assert level(15, {date(2026, 6, 15): 48}).level == "full"

    def test_of_three_sensors_needs_all_of_them(self):
        assert level(10, {date(2026, 6, 10): 192}, sensors=3).percent == 67

    def test_waits_in_a_home_that_was_never_read(self):
        assert {one.level for one in laid({}, fetched=(None, None)).squares} == {"waits"}


@given(st.dictionaries(st.integers(0, 399), st.integers(0, 96)))
def test_every_day_stands_in_exactly_one_place_and_one_level(told):
    first = NOW.date() - timedelta(days=399)
    known = {first + timedelta(days=number): count for number, count in told.items()}
    drawn = laid(known, first=first, fetched=(first, NOW))

    placed = [square.day for month in drawn.months for square in month.squares if square]
    assert sorted(placed) == [first + timedelta(days=number) for number in range(400)]
    assert sum(drawn.counts.values()) == 400
    assert all(
        square.percent is None or (square.percent == 100) == (square.level == "full")
        for square in drawn.squares
    )


class TestACalendar:
    def test_of_a_home_is_read_from_what_is_stored(self, homeowner, now):
        row = Collection.objects.filter(site=homeowner.site)
        readings.fetch(homeowner, now, days=20)
        sensors = list(homeowner.site.sensors.all())

        drawn = calendar.calendar_of(sensors, row.get(), only=None, now=now)

        assert drawn.counts["full"] >= 15
        assert drawn.counts["before"] >= 375

        row.update(filled_back_to=row.get().goal + timedelta(days=3))
        waiting = calendar.calendar_of(sensors, row.get(), only=None, now=now)
        assert waiting.counts["waits"] >= 375
        assert len(drawn.squares) == 400 and drawn.squares[-1].day == missing.day_of(now)

    def test_costs_one_query_however_many_sensors_there_are(self, db, sandbox, now):
        finn = people.with_home("finn@portal.example", "finn", sandbox=sandbox)
        sensors = list(finn.site.sensors.all())
        with CaptureQueriesContext(connection) as queries:
            calendar.calendar_of(sensors, finn.site.collection, only=None, now=now)

        assert len([one for one in queries if "telemetry_day" in one["sql"]]) == 1
