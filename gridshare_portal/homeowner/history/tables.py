"""Write the numbers of a chart as a table, and know which columns a home has.

The table is the picture for whoever cannot see it, and is made only for whoever opens it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from gridshare_portal.energy import periods
from gridshare_portal.homeowner.history import gaps
from gridshare_portal.telemetry import queries
from gridshare_portal.templatetags import energy as words

SO_FAR = "Still running: so far"
FIRST = {"month": "Month", "day": "Day", "hour": "From"}
LONG_S = 100_000  # beyond one day, even one of 25 hours, a clock needs its date


Data: TypeAlias = Mapping[str, Any]  # what a chart reads, by name: numbers, words, and a list per series


@dataclass(frozen=True)
class Column:
    """One series: the part of the home it belongs to, its name on pages, its key for power and for energy."""

    part: str
    name: str
    power: str
    energy: str


COLUMNS = (
    Column("solar", "Solar", "solar_w", "solar_wh"),
    Column("battery", "From battery", "discharging_w", "discharged_wh"),
    Column("grid", "From grid", "from_grid_w", "from_grid_wh"),
    Column("battery", "Into battery", "charging_w", "charged_wh"),
    Column("grid", "To grid", "to_grid_w", "to_grid_wh"),
    Column("home", "Home", "home_w", "home_wh"),
)
MEASURED = ("solar", "battery", "grid")


@dataclass(frozen=True)
class Head:
    """A column's name and the unit of its figures."""

    name: str
    unit: str


@dataclass(frozen=True)
class BucketRow:
    """One bucket in a table; href leads to it alone."""

    label: str
    cells: tuple[str, ...]
    note: str = ""
    href: str = ""


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture."""

    caption: str
    first: str
    heads: tuple[Head, ...]
    rows: tuple[BucketRow, ...]

    @property
    def noted(self) -> bool:
        """Say whether any row has a note."""
        return any(row.note for row in self.rows)


def columns_of(parts: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of a home with these parts; a home without a battery has none for it."""
    return tuple(one for one in COLUMNS if one.part == "home" or one.part in parts)


def unknown_s(bar: queries.Totals) -> int:
    """Return how many seconds of a bar are not in its sums."""
    return bar.missing_s + bar.uncounted_s


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """Say a time of day, with the name of the time where that hour comes twice."""
    local = moment.astimezone(zone)
    twice = local.replace(fold=1).utcoffset() != local.replace(fold=0).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """Say a date as on an axis: weekday, day and month."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}"


def bar_label(moment: datetime, by: str, zone: ZoneInfo) -> str:
    """Say which hour, day or month a bar stands for."""
    if by == "month":
        return f"{moment.astimezone(zone):%B %Y}"
    return day(moment, zone) if by == "day" else f"{day(moment, zone)}, {clock(moment, zone)}"


def of_power(
    data: Data,
    shown: Sequence[Column],
    found: Sequence[gaps.Gap],
    zone: ZoneInfo,
    caption: str,
) -> Table:
    """Return a row for every bucket of power that has begun."""
    long = data["count"] * data["step"] > LONG_S
    rows = []
    for n in range((data["until"] - data["start"]) // data["step"]):
        moment = datetime.fromtimestamp(data["start"] + n * data["step"], UTC)
        label = f"{day(moment, zone)}, {clock(moment, zone)}" if long else clock(moment, zone)
        cells = [words.kilo(data[one.power][n]) for one in shown]
        if "charge_pct" in data:
            cells.append(words.percent(data["charge_pct"][n]))
        note = gaps.at(found, n) or (SO_FAR if n == data["running"] else "")
        rows.append(BucketRow(label, tuple(cells), note))
    heads = [Head(one.name, "kW") for one in shown]
    if "charge_pct" in data:
        heads.append(Head("Charge", ""))
    return Table(caption, "From", tuple(heads), tuple(rows))


def of_energy(
    data: Data,
    bars: Sequence[queries.Totals],
    stretches: Sequence[periods.Period],
    shown: Sequence[Column],
    found: Sequence[gaps.Gap],
    zone: ZoneInfo,
    caption: str,
) -> Table:
    """Return a row for every hour, day or month that has begun."""
    rows = []
    for n, (bar, stretch) in enumerate(zip(bars, stretches, strict=True)):
        if int(stretch.start.timestamp()) >= data["until"]:
            break
        note = gaps.at(found, n)
        if not note and n in data["partial"]:
            note = f"{words.duration(unknown_s(bar))} not known"
        elif not note and n == data["running"]:
            note = SO_FAR
        cells = tuple(words.kilo(data[one.energy][n]) for one in shown)
        href = f"?view={data['opens']}&day={data['days'][n]}"
        rows.append(BucketRow(bar_label(stretch.start, data["by"], zone), cells, note, href))
    heads = tuple(Head(one.name, "kWh") for one in shown)
    return Table(caption, FIRST[data["by"]], heads, tuple(rows))
