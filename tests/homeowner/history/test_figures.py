from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridshare_portal.energy import periods
from gridshare_portal.homeowner.history import figures, gaps

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 11, 22, 20, 5, tzinfo=UTC)
FETCHED = figures.Past(datetime(2025, 1, 1, tzinfo=UTC), gaps.TOO_OLD, NOON)
NOTHING_YET = figures.Past(None, gaps.NOT_FETCHED, None)
ALL = ("solar", "battery", "grid")
KEYS = ("solar_w", "charging_w", "discharging_w", "from_grid_w", "to_grid_w", "home_w", "charge_pct")


def series(day=date(2026, 11, 22), **columns):
    period = periods.whole_days(day, day, LOS_ANGELES)
    count = (period.end - period.start) // timedelta(seconds=900)
    plain = {key: columns.get(key, [100] * count) for key in KEYS}
    told = {"read_at": 0, "complete": False, "final_steps": 0}
    return {"start": int(period.start.timestamp()), "step_s": 900, **told, **plain}


def power(readings, parts=ALL, now=NOON, past=FETCHED):
    told = {"parts": parts, "zone": LOS_ANGELES, "now": now, "past": past, "caption": "A day"}
    return figures.power(readings, **told)


@dataclass
class Bar:
    solar_wh: float | None = 4000.0
    discharged_wh: float | None = 1000.0
    from_grid_wh: float | None = 2500.4
    charged_wh: float | None = 1200.0
    to_grid_wh: float | None = 300.0
    home_wh: float | None = 6000.4
    missing_s: int = 0
    uncounted_s: int = 0


UNKNOWN = Bar(None, None, None, None, None, None, missing_s=86_400)


def energy(bars, first=date(2026, 11, 16), by="day", now=NOON):
    period = periods.whole_days(first, first + timedelta(days=len(bars) - 1), LOS_ANGELES)
    return figures.energy(
        bars,
        periods.cut(period, by, LOS_ANGELES),
        by=by,
        parts=ALL,
        zone=LOS_ANGELES,
        now=now,
        past=FETCHED,
        caption="A week",
    )


class TestAPictureOfPower:
    def test_ends_where_the_running_bucket_ends(self):
        shown = power(series()).data

        assert shown["start"] + 900 * 49 == shown["until"]
        assert shown["running"] == 48

    def test_has_only_the_parts_that_the_home_has(self):
        shown = power(series(), parts=("solar", "grid"))

        assert "discharging_w" not in shown.data and "charge_pct" not in shown.data
        assert [head.name for head in shown.table().heads] == ["Solar", "From grid", "To grid", "Home"]

    def test_keeps_what_is_unknown_apart_from_zero(self):
        solar = [0] * 8 + [None] * 8 + [0] * 80
        shown = power(series(solar_w=solar))

        assert shown.data["solar_w"] == solar
        assert shown.data["gaps"] == [gaps.Gap(8, 16, "No readings from solar").as_dict()]
        assert [shown.table().rows[n].cells[0] for n in (7, 8)] == ["0.00", "–"]
        assert shown.table().rows[8].note == "No readings from solar"

    def test_shows_the_same_numbers_in_its_table(self):
        home = [10 * n for n in range(96)]
        shown = power(series(home_w=home), now=NOON + timedelta(days=2))

        assert [row.cells[5] for row in shown.table().rows] == [f"{watts / 1000:.2f}" for watts in home]

    @pytest.mark.parametrize(("day", "rows"), [(date(2026, 3, 8), 92), (date(2026, 11, 1), 100)])
    def test_has_a_row_for_every_quarter_of_a_day_on_which_the_clocks_change(self, day, rows):
        table = power(series(day)).table()

        assert len(table.rows) == rows
        assert len({row.label for row in table.rows}) == rows

    def test_calls_an_hour_that_comes_twice_by_the_name_of_its_time(self):
        labels = [row.label for row in power(series(date(2026, 11, 1))).table().rows]

        assert labels.index("01:30 PST") - labels.index("01:30 PDT") == 4
        assert "02:30" in labels

    def test_is_all_one_gap_where_nothing_was_fetched_yet(self):
        nothing = {key: [None] * 96 for key in KEYS}
        shown = power(series(**nothing), past=NOTHING_YET).data

        assert shown["gaps"] == [gaps.Gap(0, 49, gaps.NOT_FETCHED).as_dict()]


class TestAPictureOfEnergy:
    def test_travels_as_whole_watt_hours(self):
        shown = energy([Bar()] * 7).data

        assert shown["from_grid_wh"] == [2500] * 7
        assert len(shown["t"]) == 7

    def test_marks_a_day_that_is_partly_known_and_a_day_that_is_not(self):
        shown = energy([Bar(), Bar(missing_s=8100), UNKNOWN, Bar(), Bar(), Bar(), Bar(missing_s=900)])

        assert shown.data["partial"] == [1, 6]
        assert shown.data["gaps"] == [gaps.Gap(2, 3, gaps.SILENT).as_dict()]
        assert shown.data["running"] == 6
        assert "not known" in shown.table().rows[1].note
        assert shown.table().rows[2].cells[0] == "–"

    def test_draws_nothing_where_the_time_has_not_come(self):
        shown = energy([Bar()] * 3 + [UNKNOWN] * 4, now=NOON - timedelta(days=4))

        assert shown.data["gaps"] == []
        assert shown.data["until"] == shown.data["t"][3]
        assert len(shown.table().rows) == 3

    def test_leads_from_each_day_to_that_day(self):
        rows = energy([Bar()] * 7).table().rows

        assert (rows[0].label, rows[0].href) == ("Mon 16 Nov", "?view=day&day=2026-11-16")
        assert rows[6].href == "?view=day&day=2026-11-22"


class TestCuttingADay:
    @pytest.mark.parametrize(
        ("day", "zone", "hours"),
        [
            (date(2026, 11, 1), "America/Los_Angeles", 25),
            (date(2026, 3, 8), "America/Los_Angeles", 23),
            (date(2026, 6, 1), "Asia/Kolkata", 24),
            (date(2026, 10, 4), "Australia/Lord_Howe", 24),
        ],
    )
    def test_into_hours_leaves_nothing_out(self, day, zone, hours):
        whole = periods.whole_days(day, day, ZoneInfo(zone))
        pieces = periods.cut(whole, "hour", ZoneInfo(zone))

        assert len(pieces) == hours
        assert (pieces[0].start, pieces[-1].end) == (whole.start, whole.end)
        assert all(one.end == following.start for one, following in zip(pieces, pieces[1:], strict=False))
