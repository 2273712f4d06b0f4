"""Make of a home's readings what a chart draws, and the table of the same numbers behind it.

Both come from one pass over the same columns, so that picture and table cannot disagree.
Power travels as whole watts and energy as whole watt-hours, null for what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gridshare_portal.homeowner import gaps
from gridshare_portal.templatetags import energy as words

SO_FAR = "Still running: so far"


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
class Row:
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
    rows: tuple[Row, ...]

    @property
    def noted(self) -> bool:
        """Say whether any row has a note."""
        return any(row.note for row in self.rows)


@dataclass(frozen=True)
class Figure:
    """A picture's columns and its table, and the parts of the home that it speaks of."""

    kind: str
    parts: tuple[str, ...]
    data: Mapping[str, Any]
    table: Table


def columns_of(parts: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of a home with these parts; a home without a battery has none for it."""
    return tuple(one for one in COLUMNS if one.part == "home" or one.part in parts)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """Say a time of day, with the name of the time where that hour comes twice."""
    local = moment.astimezone(zone)
    twice = local.replace(fold=1).utcoffset() != local.replace(fold=0).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """Say a date as on an axis: weekday, day and month."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}"


def power(
    series: Mapping[str, Any],
    *,
    parts: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
    fetched_from: datetime | None,
    caption: str,
) -> Figure:
    """Make the picture of power over a day or two, with the battery's charge below."""
    start, step = series["start"], series["step_s"]
    shown = columns_of(parts)
    values = {one.power: list(series[one.power]) for one in shown}
    count = len(series["home_w"])
    begun = min(max(-((start - now) // timedelta(seconds=step)), 0), count)
    bucket = _bucket_of(start, step)
    heard = {
        part: [values[one.power] for one in shown if one.part == part] for part in MEASURED if part in parts
    }
    found = gaps.between_readings(heard, begun=begun, fetched_from=bucket(fetched_from))
    charge = {"charge_pct": list(series["charge_pct"])} if "battery" in parts else {}
    running = bucket(now) if start <= now < start + timedelta(seconds=step * count) else None
    data = {
        "kind": "power",
        "zone": zone.key,
        "start": _seconds(start),
        "step": step,
        "count": count,
        "until": _seconds(start) + step * begun,
        "running": running,
        "gaps": [gap.as_dict() for gap in found],
        "partial": [],
        "read_at": _seconds(series["read_at"]),
        "complete": series["complete"],
        **values,
        **charge,
    }
    return Figure("power", tuple(parts), data, _power_table(data, shown, found, zone, caption))


def energy(
    bars: Sequence[Any],
    stretches: Sequence[Any],
    *,
    by: str,
    parts: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
    fetched_from: datetime | None,
    read_at: datetime | None,
    caption: str,
    href: Callable[[datetime], str],
) -> Figure:
    """Make the picture of energy per hour, day or month."""
    shown = columns_of(parts)
    begun = [stretch.start < now for stretch in stretches]
    lost = [had and _nothing(bar, shown) for bar, had in zip(bars, begun, strict=True)]
    unfetched = sum(1 for one in stretches if fetched_from is None or one.end <= fetched_from)
    found = gaps.between_bars(lost, fetched_from=unfetched)
    running = next((n for n, one in enumerate(stretches) if one.start <= now < one.end), None)
    data = {
        "kind": "energy",
        "by": by,
        "zone": zone.key,
        "t": [_seconds(one.start) for one in stretches],
        "end": _seconds(stretches[-1].end),
        "until": min(_seconds(stretches[-1].end), _seconds(stretches[sum(begun) - 1].end)),
        "running": running,
        "gaps": [gap.as_dict() for gap in found],
        "partial": [n for n, bar in enumerate(bars) if begun[n] and not lost[n] and bar.missing_s > 0],
        "read_at": _seconds(read_at),
        "complete": not any(bar.missing_s for bar, had in zip(bars, begun, strict=True) if had),
        **{one.energy: [_whole(getattr(bar, one.energy)) for bar in bars] for one in shown},
    }
    return Figure(
        "energy", tuple(parts), data, _energy_table(data, bars, stretches, shown, found, zone, caption, href)
    )


def bar_label(moment: datetime, by: str, zone: ZoneInfo) -> str:
    """Say which hour, day or month a bar stands for."""
    if by == "month":
        return f"{moment.astimezone(zone):%B %Y}"
    return day(moment, zone) if by == "day" else f"{day(moment, zone)}, {clock(moment, zone)}"


def _power_table(
    data: Mapping[str, Any],
    shown: Sequence[Column],
    found: Sequence[gaps.Gap],
    zone: ZoneInfo,
    caption: str,
) -> Table:
    long = data["count"] * data["step"] > 100_000
    rows = []
    for n in range((data["until"] - data["start"]) // data["step"]):
        moment = datetime.fromtimestamp(data["start"] + n * data["step"], UTC)
        label = f"{day(moment, zone)}, {clock(moment, zone)}" if long else clock(moment, zone)
        cells = [words.kilo(data[one.power][n]) for one in shown]
        if "charge_pct" in data:
            cells.append(words.percent(data["charge_pct"][n]))
        note = gaps.at(found, n) or (SO_FAR if n == data["running"] else "")
        rows.append(Row(label, tuple(cells), note))
    heads = [Head(one.name, "kW") for one in shown]
    if "charge_pct" in data:
        heads.append(Head("Charge", ""))
    return Table(caption, "From", tuple(heads), tuple(rows))


def _energy_table(
    data: Mapping[str, Any],
    bars: Sequence[Any],
    stretches: Sequence[Any],
    shown: Sequence[Column],
    found: Sequence[gaps.Gap],
    zone: ZoneInfo,
    caption: str,
    href: Callable[[datetime], str],
) -> Table:
    rows = []
    for n, (bar, stretch) in enumerate(zip(bars, stretches, strict=True)):
        if _seconds(stretch.start) >= data["until"]:
            break
        note = gaps.at(found, n)
        if not note and n in data["partial"]:
            note = f"{words.duration(bar.missing_s)} not known"
        elif not note and n == data["running"]:
            note = SO_FAR
        cells = tuple(words.kilo(data[one.energy][n]) for one in shown)
        rows.append(Row(bar_label(stretch.start, data["by"], zone), cells, note, href(stretch.start)))
    heads = tuple(Head(one.name, "kWh") for one in shown)
    return Table(caption, {"month": "Month", "day": "Day"}.get(data["by"], "From"), heads, tuple(rows))


def _bucket_of(start: datetime, step_s: int) -> Callable[[datetime | None], int]:
    # None is a moment that has not come: nothing was fetched at all.
    return lambda moment: 10**9 if moment is None else max((moment - start) // timedelta(seconds=step_s), 0)


def _nothing(bar: Any, shown: Sequence[Column]) -> bool:
    return all(getattr(bar, one.energy) is None for one in shown)


def _whole(amount: float | None) -> int | None:
    return None if amount is None or amount != amount else round(amount)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
