"""Write a home's readings as a spreadsheet reads them: local times with their offset, units in the heads.

What is not known is an empty cell and never 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gridshare_portal.energy import periods
from gridshare_portal.files import cells
from gridshare_portal.homeowner.history import range as history_range
from gridshare_portal.homeowner.history import tables
from gridshare_portal.telemetry import queries

Cells: TypeAlias = list[str | float]


def file_name(name: str, choice: history_range.HistoryRange) -> str:
    """Name the file after home, days and step, in letters that every system takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    home = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].lower() or "home"
    days = choice.first.isoformat() if choice.days == 1 else f"{choice.first}_{choice.last}"
    return f"{home}_{days}_{choice.by}.csv"


def power_heads(parts: Sequence[str]) -> list[str]:
    """Return the heads over the rows of power."""
    shown = tables.columns_of(parts)
    names = [f"{_named(one)} ({unit})" for unit in ("W", "kWh") for one in shown]
    return ["Home", "Start", "End", *names, *(["Charge (%)"] if "battery" in parts else [])]


def energy_heads(parts: Sequence[str]) -> list[str]:
    """Return the heads over the rows of energy."""
    names = [f"{_named(one)} (kWh)" for one in tables.columns_of(parts)]
    return ["Home", "Start", "End", *names, "Not known (minutes)"]


def power_rows(
    series: tables.Data, *, home: str, parts: Sequence[str], zone: ZoneInfo, now: datetime
) -> Iterator[Cells]:
    """Yield one row per bucket that has begun: mean power, and the energy that longer steps add up."""
    step = timedelta(seconds=series["step_s"])
    first = datetime.fromtimestamp(series["start"], UTC)
    shown = tables.columns_of(parts)
    powers, energies = [one.power for one in shown], [one.energy for one in shown]
    charge = ["charge_pct"] if "battery" in parts else []
    for n in range(len(series["home_w"])):
        start = first + n * step
        if start >= now:
            return
        yield [
            cells.text(home),
            *_times(start, start + step, zone),
            *(_known(series[key][n]) for key in powers),
            *(_kilo(series[key][n]) for key in energies),
            *(_known(series[key][n]) for key in charge),
        ]


def energy_rows(
    bars: Sequence[queries.Totals],
    stretches: Sequence[periods.Period],
    *,
    home: str,
    parts: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
) -> Iterator[Cells]:
    """Yield one row per hour, day or month that has begun."""
    keys = [one.energy for one in tables.columns_of(parts)]
    for bar, stretch in zip(bars, stretches, strict=True):
        if stretch.start >= now:
            return
        amounts = (_kilo(getattr(bar, key)) for key in keys)
        yield [
            cells.text(home),
            *_times(stretch.start, stretch.end, zone),
            *amounts,
            round((bar.missing_s + bar.uncounted_s) / 60),
        ]


def _named(column: tables.Column) -> str:
    return "Home use" if column.part == "home" else column.name


def _times(start: datetime, end: datetime, zone: ZoneInfo) -> list[str]:
    return [start.astimezone(zone).isoformat(), end.astimezone(zone).isoformat()]


def _known(value: float | None) -> float | str:
    return "" if value is None else value


def _kilo(amount_wh: float | None) -> str:
    return "" if amount_wh is None or amount_wh != amount_wh else f"{amount_wh / 1000:.3f}"
