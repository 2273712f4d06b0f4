"""Write rows as a spreadsheet while it is being sent: it is whole nowhere, neither in memory nor on a disk.

XlsxWriter makes the book around an empty sheet. The sheet is written as ECMA-376 has it (part 1, 18.3.1),
texts beside their cells, so that what was written is never needed again.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIECE = 64 * 1024  # bytes that are sent together
ROWS = "xl/worksheets/sheet1.xml"
HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>\
<sheetView workbookViewId="0">\
<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>\
</sheetView></sheetViews><cols><col min="1" max="{wide}" width="24" customWidth="1"/></cols><sheetData>"""
FOOT = "</sheetData></worksheet>"

Cell = str | float | None


class Outgoing(io.RawIOBase):
    """A file that is sent away as it is written; nobody can go back in it."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        self._written += data
        return len(memoryview(data))

    def taken(self, at_least: int = 0) -> bytes:
        """Return what was written since it was last asked for, if it is that much."""
        if len(self._written) < max(1, at_least):
            return b""
        taken = bytes(self._written)
        self._written.clear()
        return taken


def xlsx(
    rows: Iterable[Sequence[Cell]], *, title: str, heads: Sequence[str], wide: int = 1
) -> Iterator[bytes]:
    """Yield the pieces of a spreadsheet of one sheet, whose head and first column stay in sight.

    The first `wide` columns are 24 characters wide. A text is never taken for a formula, an address or a
    number; what is empty or unknown has no cell.
    """
    book, outgoing = zipfile.ZipFile(_empty_book(title)), Outgoing()
    with zipfile.ZipFile(outgoing, "w", zipfile.ZIP_DEFLATED) as sent:
        for name in book.namelist():
            if name != ROWS:
                sent.writestr(name, book.read(name))
        with sent.open(ROWS, "w") as sheet:
            sheet.write(HEAD.format(wide=wide).encode())
            for number, row in enumerate(chain([heads], rows), start=1):
                sheet.write(_row(number, row).encode())
                if piece := outgoing.taken(PIECE):
                    yield piece
            sheet.write(FOOT.encode())
    yield outgoing.taken()


def _empty_book(title: str) -> io.BytesIO:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet(title)
    return file


def _row(number: int, row: Sequence[Cell]) -> str:
    cells = (_cell(f"{xl_col_to_name(column)}{number}", value) for column, value in enumerate(row))
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Cell) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        # A reader takes _x003D_ for a letter by its number: the mark itself is written by its number then.
        plain = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value)
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(plain)}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>' if math.isfinite(value) else ""
