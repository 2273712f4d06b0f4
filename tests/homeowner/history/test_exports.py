import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridshare_portal.energy import periods
from gridshare_portal.files import cells
from gridshare_portal.homeowner.history import exports, range

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
LATER = datetime(2026, 11, 30, tzinfo=UTC)
KEYS = ("solar_w", "charging_w", "discharging_w", "from_grid_w", "to_grid_w", "home_w", "charge_pct")
ENERGIES = ("solar_wh", "charged_wh", "discharged_wh", "from_grid_wh", "to_grid_wh", "home_wh")


def parsed(heads, rows):
    return list(csv.DictReader(io.StringIO("".join(cells.lines([heads, *rows])))))


def power(
    day=date(2026, 11, 22), parts=("solar", "battery", "grid"), home="Ada’s home", now=LATER, **columns
):
    period = periods.whole_days(day, day, LOS_ANGELES)
    count = (period.end - period.start) // timedelta(seconds=900)
    series = {"start": int(period.start.timestamp()), "step_s": 900}
    series |= {key: columns.get(key, [5] * count) for key in (*KEYS, *ENERGIES)}
    rows = exports.power_rows(series, home=home, parts=parts, zone=LOS_ANGELES, now=now)
    return parsed(exports.power_heads(parts), rows)


@dataclass
class Bar:
    solar_wh: float | None = None
    from_grid_wh: float | None = 1234.5
    to_grid_wh: float | None = 0.0
    home_wh: float | None = float("nan")
    missing_s: int = 5400
    uncounted_s: int = 0


class TestAFileOfPower:
    def test_has_local_times_with_their_offset(self):
        rows = power()

        assert rows[0]["Start"] == "2026-11-22T00:00:00-08:00"
        assert rows[-1]["End"] == "2026-11-23T00:00:00-08:00"
        assert len(rows) == 96

    def test_tells_the_two_hours_apart_on_the_night_the_clocks_go_back(self):
        starts = [row["Start"] for row in power(date(2026, 11, 1))]

        assert {"2026-11-01T01:30:00-07:00", "2026-11-01T01:30:00-08:00"} < set(starts)
        assert len(set(starts)) == 100

    def test_has_units_in_its_heads(self):
        assert list(power()[0]) == [
            "Home", "Start", "End", "Solar (W)", "From battery (W)", "From grid (W)",
            "Into battery (W)", "To grid (W)", "Home use (W)", "Solar (kWh)", "From battery (kWh)",
            "From grid (kWh)", "Into battery (kWh)", "To grid (kWh)", "Home use (kWh)", "Charge (%)",
        ]  # fmt: skip

    def test_leaves_a_cell_empty_where_nothing_is_known(self):
        rows = power(solar_w=[0, None] + [7] * 94)

        assert [row["Solar (W)"] for row in rows[:3]] == ["0", "", "7"]

    def test_ends_with_the_bucket_that_is_running(self):
        assert len(power(now=datetime(2026, 11, 22, 9, 20, tzinfo=UTC))) == 6


class TestAFileOfEnergy:
    def test_is_in_kilowatt_hours_and_says_how_much_is_missing(self):
        parts = ("solar", "grid")
        stretch = periods.whole_days(date(2026, 11, 1), date(2026, 11, 1), LOS_ANGELES)
        rows = exports.energy_rows([Bar()], [stretch], home="Home", parts=parts, zone=LOS_ANGELES, now=LATER)

        assert parsed(exports.energy_heads(parts), rows) == [
            {
                "Home": "Home",
                "Start": "2026-11-01T00:00:00-07:00",
                "End": "2026-11-02T00:00:00-08:00",
                "Solar (kWh)": "",
                "From grid (kWh)": "1.234",
                "To grid (kWh)": "0.000",
                "Home use (kWh)": "",
                "Not known (minutes)": "90",
            }
        ]


class TestTheNameOfTheHome:
    @pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "＝1", "\u202e=1"])
    def test_is_never_a_formula(self, name):
        cell = power(home=name)[0]["Home"]

        assert cell.startswith("'")
        assert "\u202e" not in cell

    def test_stays_as_it_is_otherwise(self):
        assert power(home="Zoë’s 2nd home, by the sea")[0]["Home"] == "Zoë’s 2nd home, by the sea"

    def test_cannot_break_a_row(self):
        assert power(home='a"\r\nb')[0]["Home"] == 'a"  b'

    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("../../etc/passwd", "etc-passwd"),
            ("Zoë’s home", "zoes-home"),
            ("家", "home"),
            ('a"; filename="b', "a-filename-b"),
            ("x" * 200, "x" * 40),
        ],
    )
    def test_makes_a_safe_name_of_the_file(self, name, file):
        day = range.HistoryRange("day", date(2026, 11, 22), date(2026, 11, 22), "quarter")

        assert exports.file_name(name, day) == f"{file}_2026-11-22_quarter.csv"
