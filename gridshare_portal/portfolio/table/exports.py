"""The homes table as a file, sent as it is written: line by line as CSV, or piece by piece as a spreadsheet.

A cell never becomes a formula, whatever a home is called. Both files have all columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from gridshare_portal.files import cells, workbooks
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.table.query import PARTS, RIGHTS, STATES

HEADS = (
    "Home", "Home id", "Connection", "Consent", "Ask first", "Shared since (UTC)", "Newest reading (UTC)",
    "Time zone", "Has", "Charge (%)", "Capacity (kWh)", "Stored (kWh)", "Solar (W)", "Battery charging (W)",
    "Battery discharging (W)", "From grid (W)", "To grid (W)", "Day (UTC)", "Solar (kWh)", "Charged (kWh)",
    "Discharged (kWh)", "From grid (kWh)", "To grid (kWh)",
)  # fmt: skip


def csv(lines: Iterable[SiteRow]) -> Iterator[str]:
    """Yield the file, line by line."""
    yield from cells.lines(itertools.chain([HEADS], map(_row, lines)))


def xlsx(lines: Iterable[SiteRow]) -> Iterator[bytes]:
    """Yield the spreadsheet, piece by piece."""
    yield from workbooks.xlsx(map(_row, lines), title="Homes", heads=HEADS, wide=2)


def _row(line: SiteRow) -> list[workbooks.Cell]:
    return [*_words(line), *_numbers(line)]


def _words(line: SiteRow) -> list[str]:
    return [
        cells.text(line.site.name),
        cells.text(line.site.synth_id),
        STATES.get(line.state, line.state),
        RIGHTS.get(line.right, line.right),
        "yes" if line.ask_first else "",
        _moment(line.shared_at),
        _moment(line.last_reading_at),
        line.time_zone,
        ", ".join(title for name, title in PARTS.items() if getattr(line, f"has_{name}")),
    ]


def _numbers(line: SiteRow) -> list[workbooks.Cell]:
    powers = (line.solar_w, line.charging_w, line.discharging_w, line.from_grid_w, line.to_grid_w)
    energies = (line.solar_wh, line.charged_wh, line.discharged_wh, line.from_grid_wh, line.to_grid_wh)
    return [
        _round(line.charge_pct, 1),
        _kilo(line.capacity_wh),
        _kilo(line.stored_wh),
        *(_round(one, 0) for one in powers),
        line.day.isoformat(),
        *map(_kilo, energies),
    ]


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else ""


def _kilo(amount: float | None) -> float | None:
    return None if amount is None else round(amount / 1000, 3)


def _round(amount: float | None, digits: int) -> float | None:
    return None if amount is None else round(amount, digits)
