"""The homes table as a file: line by line as CSV, or as a spreadsheet that is written with little memory.

A cell never becomes a formula, whatever a home is called. Both files have all columns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

import xlsxwriter

from gridshare_portal.audit import sheets
from gridshare_portal.retailer.asked import PARTS, RIGHTS, STATES
from gridshare_portal.retailer.models import Home

HEADS = (
    "Home", "Home id", "Connection", "Consent", "Ask first", "Shared since (UTC)", "Newest reading (UTC)",
    "Time zone", "Has", "Charge (%)", "Capacity (kWh)", "Stored (kWh)", "Solar (W)", "Battery charging (W)",
    "Battery discharging (W)", "From grid (W)", "To grid (W)", "Day (UTC)", "Solar (kWh)", "Charged (kWh)",
    "Discharged (kWh)", "From grid (kWh)", "To grid (kWh)",
)  # fmt: skip
CONSTANT = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def csv(lines: Iterable[Home]) -> Iterator[str]:
    """Yield the file, line by line."""
    yield from sheets.lines(_rows(lines))


def xlsx(lines: Iterable[Home]) -> IO[bytes]:
    """Return the spreadsheet as a file that vanishes when it is closed; it is read from its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  it is closed by whoever sends it
    with xlsxwriter.Workbook(file, CONSTANT) as book:
        sheet = book.add_worksheet("Homes")
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 1, 24)
        for number, row in enumerate(_rows(lines)):
            for column, value in enumerate(row):
                _write(sheet, number, column, value)
    file.seek(0)
    return file


def _write(sheet: Any, row: int, column: int, value: str | float | None) -> None:
    if value is None or value == "":
        return
    write = sheet.write_string if isinstance(value, str) else sheet.write_number
    write(row, column, value)


def _rows(lines: Iterable[Home]) -> Iterator[list[Any]]:
    yield list(HEADS)
    for line in lines:
        yield [*_words(line), *_numbers(line)]


def _words(line: Home) -> list[str]:
    return [
        sheets.text(line.site.name),
        sheets.text(line.site.synth_id),
        STATES.get(line.state, line.state),
        RIGHTS.get(line.right, line.right),
        "yes" if line.ask_first else "",
        _moment(line.shared_at),
        _moment(line.told_at),
        line.time_zone,
        ", ".join(title for name, title in PARTS.items() if getattr(line, f"has_{name}")),
    ]


def _numbers(line: Home) -> list[Any]:
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
