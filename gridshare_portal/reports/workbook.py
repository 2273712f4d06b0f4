"""A portfolio report as a spreadsheet, one sheet per subject."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

from gridshare_portal.files import cells
from gridshare_portal.portfolio import disclosure
from gridshare_portal.reports.figures import OUTCOMES, Report

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
TOO_FEW, NOT_KNOWN = "too few homes to say", "not known"
ENERGIES = ("Solar", "Into batteries", "Out of batteries", "From the grid", "To the grid")
DAY_HEADS = ("Day (UTC)", *(f"{name} ({what})" for name in ENERGIES for what in ("kWh", "homes")))
WEEK_HEADS = (
    "Week from (UTC)", "Asked by you", "Shared", "… still shared", "… connected", "… telling",
    "Stopped sharing",
)  # fmt: skip
RUN_HEADS = (
    "Bulk run", "Began (UTC)", "State", "Homes", "Confirmed", "Not confirmed", "Failed", "Skipped",
)  # fmt: skip

Cell = str | float | date


def xlsx(report: Report) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        _sheet(book, "Homes", ("What", "How many"), _homes(report))
        days = ((one.day, *itertools.chain(*map(_cells, one.figures))) for one in report.days)
        _sheet(book, "Energy by day", DAY_HEADS, days)
        weeks = ((one.begins, *(TOO_FEW if n is None else n for n in one.counts)) for one in report.weeks)
        _sheet(book, "Sharing by week", WEEK_HEADS, weeks)
        _sheet(book, "Bulk runs", RUN_HEADS, _runs(report))
    return file.getvalue()


def homes_of(report: Report) -> list[tuple[str, int | None]]:
    """Return what is counted and how many homes; None where that is too few to say."""
    sums = report.sums
    if sums is None:
        return []
    if sums.is_too_few:
        return [("Homes shared with you", None)]
    return [
        ("Homes shared with you", sums.homes),
        ("Fresh readings, up to 20 min old", sums.ages["fresh"]),
        ("Late, up to 30 min", sums.ages["late"]),
        ("Stale, up to a day", sums.ages["stale"]),
        ("Silent for longer", sums.ages["silent"]),
        ("No readings yet", sums.ages["none"]),
        ("Connection ended", sums.ended),
        ("You may change something", sums.controllable),
    ]


def _homes(report: Report) -> Iterable[Sequence[Cell]]:
    yield ("Portfolio of", report.organization.name)
    yield ("Period", report.period.title)
    yield ("Counted (UTC)", _moment(report.sums.made_at) if report.sums else NOT_KNOWN)
    for what, homes in homes_of(report):
        yield (what, TOO_FEW if homes is None else homes)


def _cells(figure: disclosure.Figure) -> tuple[Cell, Cell]:
    if figure.value is None:
        return (TOO_FEW, "") if figure.is_hidden else (NOT_KNOWN, "")
    return round(figure.value / 1000, 3), figure.homes


def _runs(report: Report) -> Iterable[Sequence[Cell]]:
    for run in report.runs:
        counts = (run[name] for name in ("homes", *OUTCOMES))
        yield (run["name"], _moment(run["started_at"]), run["state"], *counts)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _sheet(
    book: xlsxwriter.Workbook, name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, len(heads), 18)
    for row, values in enumerate([heads, *rows]):
        for column, value in enumerate(values):
            if isinstance(value, int | float):
                sheet.write_number(row, column, value)
            else:
                sheet.write_string(row, column, cells.text(str(value)))
