from datetime import UTC, date, datetime, timedelta

import pytest

from gridshare_portal.gridshare import types
from gridshare_portal.telemetry import days, missing, packing
from gridshare_portal.telemetry.models import Day, Latest

START = datetime(2026, 6, 10, tzinfo=UTC)
LATER = datetime(2026, 6, 20, tzinfo=UTC)


def stored(sensor):
    return {row.day.day: row for row in Day.objects.filter(sensor=sensor)}


class TestWriting:
    def test_cuts_an_answer_into_utc_days_and_gives_it_back(self, home):
        meter = home.sensor("grid")
        answer = home.tell(meter, START, list(range(192)), now=LATER)

        rows = stored(meter)
        assert sorted(rows) == [10, 11]
        came_out = [value for day in (10, 11) for value in packing.unpack(rows[day].packed)["in_wh"].tolist()]
        assert came_out == [reading.in_wh for reading in answer.readings]

    def test_merges_late_buckets_into_a_day_that_is_open(self, home):
        meter = home.sensor("grid")
        soon = START + timedelta(hours=2)
        home.tell(meter, START, [10, None, 10, 10], now=soon)
        home.tell(meter, START + missing.STEP, [10], now=soon, counted=1010)

        row = stored(meter)[10]
        assert row.known_count == 4
        assert packing.unpack(row.packed)["in_wh"][:4].tolist() == [1010, 1020, 1020, 1030]

    def test_takes_over_what_the_service_corrects(self, home):
        meter = home.sensor("grid")
        home.tell(meter, START, [0] * 96, now=LATER)
        home.tell(meter, START, [99] * 96, now=LATER + timedelta(days=60))

        row = stored(meter)[10]
        assert packing.unpack(row.packed)["in_w"].tolist() == [396] * 96
        assert row.in_wh == 95 * 99

    @pytest.mark.parametrize("told", [[None] * 96, []])
    def test_keeps_what_it_knows_where_an_answer_says_nothing(self, home, told):
        meter = home.sensor("grid")
        home.tell(meter, START, [10] * 96, now=LATER)
        before = bytes(stored(meter)[10].packed)
        home.tell(meter, START, told, now=LATER + timedelta(days=60))

        assert bytes(stored(meter)[10].packed) == before
        assert stored(meter)[10].known_count == 96

    def test_keeps_the_values_of_a_bucket_of_which_an_answer_says_a_part(self, home):
        meter = home.sensor("grid")
        home.tell(meter, START, [10] * 96, now=LATER)
        window = missing.Window(sensor=meter.pk, start=START, end=START + timedelta(days=1))
        part = [types.Reading(at=START, in_w=7.0)]
        days.store(days.merge([days.FetchedReadings(window=window, readings=part)], now=LATER))

        columns = packing.unpack(stored(meter)[10].packed)
        assert (columns["in_w"][0], columns["in_wh"][0]) == (7, 1010)

    def test_leaves_out_readings_of_the_future(self, home, caplog):
        meter = home.sensor("grid")
        home.tell(meter, START, [10] * 96, now=START + timedelta(hours=2))

        assert stored(meter)[10].known_count == 8
        assert Latest.objects.get(sensor=meter).at == START + timedelta(hours=2)
        assert "87 readings of a sensor lie in the future" in caplog.text

    def test_writes_nothing_where_nothing_changes(self, home):
        meter = home.sensor("grid")
        answer = home.tell(meter, START, [10] * 8, now=START + timedelta(hours=9))

        assert not days.merge([answer], now=START + timedelta(hours=9, minutes=15)).days

    def test_keeps_the_bucket_that_still_runs_out_of_the_day_but_as_the_latest(self, home):
        meter = home.sensor("grid")
        home.tell(meter, START, [10, 10, 10], now=START + timedelta(minutes=40))

        assert stored(meter)[10].known_count == 2
        assert Latest.objects.get(sensor=meter).at == START + 2 * missing.STEP

    def test_remembers_a_far_day_that_brought_nothing_as_asked_for(self, home):
        meter = home.sensor("grid")
        window = missing.Window(sensor=meter.pk, start=START, end=START + timedelta(days=2))
        days.store(days.merge([days.FetchedReadings(window=window, readings=())], now=LATER))

        rows = stored(meter)
        assert [row.known_count for row in rows.values()] == [0, 0]
        assert [rows[day].ask_again_at.day for day in (10, 11)] == [27, 28]  # sixteen days after its end

    def test_remembers_nothing_of_a_recent_day_that_brought_nothing_yet(self, home):
        meter = home.sensor("grid")
        window = missing.Window(sensor=meter.pk, start=START, end=START + timedelta(hours=3))
        days.store(
            days.merge([days.FetchedReadings(window=window, readings=())], now=START + timedelta(hours=3))
        )

        assert not stored(meter)

    def test_is_harmless_when_repeated(self, home):
        meter = home.sensor("grid")
        soon = START + timedelta(hours=9)
        home.tell(meter, START, [10] * 8, now=soon)
        first = bytes(stored(meter)[10].packed)
        home.tell(meter, START, [10] * 8, now=soon)

        assert bytes(stored(meter)[10].packed) == first
        assert Day.objects.count() == 1

    def test_does_not_let_an_older_reading_replace_the_latest(self, home):
        meter = home.sensor("grid")
        home.tell(meter, START + timedelta(hours=1), [10], now=LATER)
        home.tell(meter, START, [10], now=LATER)

        assert Latest.objects.get(sensor=meter).at == START + timedelta(hours=1)

    def test_does_not_count_an_entry_without_values_as_known(self, home):
        meter = home.sensor("grid")
        window = missing.Window(sensor=meter.pk, start=START, end=START + timedelta(days=1))
        empty = [types.Reading(at=START), types.Reading(at=START + missing.STEP, in_w=0.0)]
        days.store(days.merge([days.FetchedReadings(window=window, readings=empty)], now=LATER))

        assert packing.flags(stored(meter)[10].known, 96).tolist()[:3] == [False, True, False]


class TestRollingUp:
    def test_is_the_energy_of_the_whole_day_once_the_days_beside_are_there(self, home):
        meter = home.sensor("grid")
        home.tell(meter, START + timedelta(days=1), [10] * 96, counted=1960, now=LATER)
        assert stored(meter)[11].in_wh == 950

        home.tell(meter, START, [10] * 96, counted=1000, now=LATER)

        assert stored(meter)[11].in_wh == 960

    def test_tells_the_peak_of_either_direction(self, home):
        battery = home.sensor("battery")
        home.tell(battery, START, [100, 0, 300], [0, 700, 0], now=LATER)

        assert stored(battery)[10].peak_w == 2800

    @pytest.mark.parametrize("counted", [5000.0])
    def test_does_not_know_what_nobody_counted(self, home, counted):
        meter = home.sensor("grid")
        home.tell(meter, START, [10], counted=counted, now=LATER)

        assert stored(meter)[10].in_wh is None
        assert stored(meter)[10].day == date(2026, 6, 10)
