"""Reads a file of homes for a run: one home a line, by its id, a device's id or a serial number. Pure.

Files have heads or none, byte order marks, blanks, duplicates, formulas and foreign ids. No line is dropped
silently: each one left out is reported with the reason. The lookup of ids is passed in and called for many at
once.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gridshare_portal.files import lines as files_lines

LONGEST_ID = 255
LONGEST_SAID = 60
TOGETHER = 1_000
HEADS = {
    "homeid", "siteid", "id", "sitesynthid", "synthid", "gridshareid",
    "deviceid", "devicesynthid", "serial", "serialnumber", "serialno",
}  # fmt: skip
VAGUE_HEADS = {"home", "homes", "site", "device"}  # ids only where no better column is: else they are names
FORMULA = ("=", "+", "@", "＝", "＋", "＠")

DOUBLE, UNKNOWN, TWO_HOMES = "double", "unknown", "two_homes"
FORMULA_CELL, MARKUP_CELL, TOO_LONG = "formula", "markup", "too_long"
NO_ID, CONTROL, BLANK = "no_id", "control", "blank"
REASONS = {
    UNKNOWN: "no home that is shared with you has this id or serial number",
    DOUBLE: "named more than once; it is taken once",
    TWO_HOMES: "this serial number stands at more than one home",
    FORMULA_CELL: "a formula, not an id",
    MARKUP_CELL: "not an id: it holds < or >",
    TOO_LONG: "too long to be an id",
    NO_ID: "nothing stands where the id should be",
    CONTROL: "holds characters that no id has",
}

LOOKED_UP = ("", FORMULA_CELL, MARKUP_CELL)  # an id may be any text: first it is looked for

NO_LIST = "This is a web page or a program’s data, not a list. Save the homes as CSV and choose that file."
NOTHING = "This file is empty. Write one home a line."
NO_HOME = "None of the lines names a home that is shared with you, so there is nothing to run on."

_NO_LISTS = ("<!doctype", "<html", "<?xml", "{", "[")
LookUp = Callable[[Sequence[str]], Mapping[str, Sequence[int]]]


class _Line(NamedTuple):
    number: int
    line: str
    delimiter: str
    columns: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Left:
    """A line that names no home for the run: its text, and a key of REASONS."""

    line: int
    said: str
    why: str


@dataclass(kw_only=True)
class Step:
    """Some lines of a file: the homes they name, in order, and what was left out; `to` is the last line.

    `lines` are not blank; the `blank` ones are not counted as left out.
    """

    homes: dict[int, int] = field(default_factory=dict)  # home: line
    left: list[Left] = field(default_factory=list)
    blank: int = 0
    lines: int = 0
    to: int = 0


def look(chunks: Iterable[bytes]) -> int:
    """Return how many lines name something; raise file_lines.FileRefused if the file cannot be read.

    Nothing is looked up, so this takes no longer than the upload.
    """
    lines = sum(1 for one in _below_the_head(files_lines.numbered(chunks)) if one.line)
    if not lines:
        raise files_lines.FileRefused(NOTHING)
    return lines


def steps(
    chunks: Iterable[bytes], *, look_up: LookUp, after: int = 0, taken: Iterable[int] = ()
) -> Iterator[Step]:
    """Read a file TOGETHER lines at a time, after the line `after`; `taken` are homes that earlier parts
    named.
    """
    known = set(taken)
    said = (one for one in _said(_below_the_head(files_lines.numbered(chunks))) if one.line > after)
    while batch := list(itertools.islice(said, TOGETHER)):
        found = look_up(sorted({one.said for one in batch if one.why in LOOKED_UP}))
        step = Step(blank=sum(one.why == BLANK for one in batch), to=batch[-1].line)
        step.lines = len(batch) - step.blank
        for one in batch:
            why = one.why
            if why in LOOKED_UP:
                missing = _why_not(found.get(one.said, ()), known)
                why = (why or missing) if missing == UNKNOWN else missing
            if not why:
                known.add(found[one.said][0])
                step.homes[found[one.said][0]] = one.line
            elif why != BLANK:
                step.left.append(Left(line=one.line, said=_shown(one.said), why=why))
        yield step


def _why_not(homes: Sequence[int], known: set[int]) -> str:
    if not homes:
        return UNKNOWN
    if len(set(homes)) > 1:
        return TWO_HOMES
    return DOUBLE if homes[0] in known else ""


def _below_the_head(lines: Iterable[tuple[int, str]]) -> Iterator[_Line]:
    """Yield all lines after the head, if there is one; a blank one without text."""
    columns: tuple[int, ...] = (0,)
    delimiter, count = "", 0
    for number, line in lines:
        if not line.strip(" \t,;\ufeff\u00a0"):
            yield _Line(number, "", delimiter, columns)
            continue
        if not delimiter:
            if line.lstrip(" \t\ufeff").casefold().startswith(_NO_LISTS):
                raise files_lines.FileRefused(NO_LIST)
            delimiter = max(",;\t", key=line.count)
            found = _columns(_cells(line, delimiter))
            if found:
                columns = found
                continue
        count += 1
        if count > files_lines.LINES_AT_MOST:
            raise files_lines.FileRefused(files_lines.TOO_MANY)
        yield _Line(number, line, delimiter, columns)


def _said(lines: Iterable[_Line]) -> Iterator[Left]:
    """Yield the text that names a home in each line, with why it cannot be an id, if so."""
    for number, line, delimiter, columns in lines:
        said = _first(_cells(line, delimiter), columns) if line else ""
        why = TOO_LONG if len(line) > files_lines.LONGEST_LINE else _fault(said)
        yield Left(line=number, said=said, why=why if line else BLANK)


def _columns(cells: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of the columns that name a home; none if this line is no head."""
    heads = [re.sub(r"[\s_.\-]", "", cell).casefold() for cell in cells]
    named = tuple(number for number, head in enumerate(heads) if head in HEADS)
    return named or tuple(number for number, head in enumerate(heads) if head in VAGUE_HEADS)


def _cells(line: str, delimiter: str) -> list[str]:
    """Split one line; an unclosed quotation mark does not swallow further lines."""
    try:
        return next(csv.reader([line[: files_lines.LONGEST_LINE]], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _first(cells: Sequence[str], columns: Sequence[int]) -> str:
    """Return the first filled cell, without the apostrophe by which spreadsheets mark text."""
    inside = (cells[number].strip().strip("\ufeff") for number in columns if number < len(cells))
    return next((cell.removeprefix("'").strip() for cell in inside if cell), "")


def _fault(said: str) -> str:
    if not said:
        return NO_ID
    if said.startswith(FORMULA):
        return FORMULA_CELL
    if "<" in said or ">" in said:
        return MARKUP_CELL
    if len(said) > LONGEST_ID:
        return TOO_LONG
    return "" if said.isprintable() else CONTROL


def _shown(said: str) -> str:
    plain = "".join(one if one.isprintable() else "�" for one in said)
    return plain if len(plain) <= LONGEST_SAID else f"{plain[: LONGEST_SAID - 1]}…"
