"""The homes table as a CSV file or a spreadsheet, streamed; both have all columns.

Text cells never become formulas, whatever a home is called.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from gridshare_portal.files import cells, workbooks
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection.row_builder import ENERGIES, POWERS
from gridshare_portal.portfolio.table.query import PARTS, RIGHTS, STATES

HEADS = (
    "Home", "Home id", "Connection", "Consent", "Ask first", "Shared since (UTC)", "Newest reading (UTC)",
    "Time zone", "Has", "Charge (%)", "Capacity (kWh)", "Stored (kWh)", "Solar (W)", "Battery charging (W)",
    "Battery discharging (W)", "From grid (W)", "To grid (W)", "Day (UTC)", "Solar (kWh)", "Charged (kWh)",
    "Discharged (kWh)", "From grid (kWh)", "To grid (kWh)",
)  # fmt: skip


def csv(lines: Iterable[SiteRow]) -> Iterator[str]:
    """Return the lines of a CSV file: HEADS, which name the units, then a line per home."""
    return cells.lines(itertools.chain([HEADS], map(_row, lines)))


def xlsx(lines: Iterable[SiteRow]) -> Iterator[bytes]:
    """Return the pieces of a spreadsheet with the same columns, numbers as numbers."""
    return workbooks.xlsx(map(_row, lines), title="Homes", heads=HEADS, wide=2)


def _row(line: SiteRow) -> list[workbooks.Cell]:
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
        _round(line.charge_pct, 1),
        _kilo(line.capacity_wh),
        _kilo(line.stored_wh),
        *(_round(getattr(line, name), 0) for name in POWERS),
        line.day.isoformat(),
        *(_kilo(getattr(line, name)) for name in ENERGIES),
    ]


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else ""


def _kilo(amount: float | None) -> float | None:
    return None if amount is None else round(amount / 1000, 3)


def _round(amount: float | None, digits: int) -> float | None:
    return None if amount is None else round(amount, digits)
