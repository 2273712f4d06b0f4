"""Read a file of homes for a run: one home a line, by its id, a device's id or a serial number.

Files come from spreadsheets and from people: with and without a head, with byte marks, blanks, doubles,
formulas and ids of nobody's. Nothing is dropped silently: each line that was left out is counted, with why.
Pure: who knows the homes is handed in, and asked for many ids at once.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

BYTES_AT_MOST = 10 * 1024 * 1024
LINES_AT_MOST = 100_000
LONGEST_LINE = 4_000
LONGEST_ID = 200
LONGEST_MARK = 4
SHOWN_AT_MOST = 100
LOOKED_UP_AT_ONCE = 500
HEADS = {
    "homeid", "siteid", "id", "sitesynthid", "synthid", "gridshareid",
    "deviceid", "devicesynthid", "serial", "serialnumber", "serialno",
}  # fmt: skip
VAGUE_HEADS = {"home", "homes", "site", "device"}  # ids only where no better column is: else they are names
FORMULA = ("=", "+", "@", "＝", "＋", "＠")

DOUBLE = "named more than once; it is taken once"
UNKNOWN = "no home that is shared with you has this id or serial number"
TWO_HOMES = "this serial number stands at more than one home"
FORMULA_CELL = "a formula, not an id"
MARKUP_CELL = "not an id: it holds < or >"
TOO_LONG = "too long to be an id"
NO_ID = "nothing stands where the id should be"
CONTROL = "holds characters that no id has"

TOO_LARGE = "This file is larger than 10 MB. Cut it into several runs."
TOO_MANY = f"This file has more than {LINES_AT_MOST:,} lines. Cut it into several runs."
A_WORKBOOK = "This is a workbook or an archive, not a text file. Save it as CSV and choose that file."
NOT_TEXT = "This is not a text file. Save the list of homes as CSV and choose that file."
NOT_UTF_8 = "Line {:,} is written in an encoding that cannot be read here. Save the file as CSV UTF-8."
NOTHING = "This file is empty. Write one home a line."
NO_HOME = "None of the lines names a home that is shared with you, so there is nothing to run on."

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENDS = re.compile(r"\r\n|\r|\n")
LookUp = Callable[[Sequence[str]], Mapping[str, Sequence[int]]]


class Refused(Exception):
    """The file as a whole cannot be read; the text is a sentence for the page."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """One line that names no home for the run, and why."""

    line: int
    said: str
    why: str


@dataclass(kw_only=True)
class Reading:
    """What a file came to: homes in the order of the file, and what was left out, counted to the end."""

    homes: dict[int, int] = field(default_factory=dict)  # home: line
    lines: int = 0
    blank: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    left: list[Left] = field(default_factory=list)

    def leave(self, line: int, said: str, why: str) -> None:
        """Count a line that was left out, and keep it while there are few."""
        self.counts[why] += 1
        if len(self.left) < SHOWN_AT_MOST:
            self.left.append(Left(line=line, said=_shown(said), why=why))

    @property
    def left_out(self) -> int:
        """Return how many lines were left out; blank ones do not count."""
        return self.counts.total()


def read(chunks: Iterable[bytes], *, look_up: LookUp) -> Reading:
    """Read a file piece by piece; raise Refused where it cannot be read as a whole."""
    reading = Reading()
    named = _named(_lines(_decoded(chunks)), reading)
    while batch := list(itertools.islice(named, LOOKED_UP_AT_ONCE)):
        known = look_up(sorted({said for _line, said in batch}))
        for line, said in batch:
            _take(reading, line, said, known.get(said, ()))
    if not reading.lines:
        raise Refused(NOTHING)
    reading.left.sort(key=lambda one: one.line)
    return reading


def _take(reading: Reading, line: int, said: str, homes: Sequence[int]) -> None:
    if not homes:
        reading.leave(line, said, UNKNOWN)
    elif len(set(homes)) > 1:
        reading.leave(line, said, TWO_HOMES)
    elif homes[0] in reading.homes:
        reading.leave(line, said, DOUBLE)
    else:
        reading.homes[homes[0]] = line


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of the file; its first bytes say how it is written."""
    decoder, size, lines, held = None, 0, 1, b""
    for chunk in itertools.chain(chunks, [b""]):
        size, held = size + len(chunk), held + chunk
        if size > BYTES_AT_MOST:
            raise Refused(TOO_LARGE)
        if decoder is None and (len(held) >= LONGEST_MARK or not chunk):
            decoder = codecs.getincrementaldecoder(_encoding(held))()
        if decoder is not None:
            text, held = _text(decoder, held, lines, final=not chunk), b""
            lines += text.count("\n")
            yield text


def _encoding(first: bytes) -> str:
    if first.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")):
        raise Refused(A_WORKBOOK)
    if first.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise Refused(NOT_TEXT)
    return next((name for mark, name in _MARKS if first.startswith(mark)), "utf-8")


def _text(decoder: codecs.IncrementalDecoder, chunk: bytes, lines: int, *, final: bool) -> str:
    try:
        text = decoder.decode(chunk, final)
    except UnicodeDecodeError as fault:
        at = lines + chunk[: fault.start].count(b"\n")
        raise Refused(NOT_UTF_8.format(at)) from fault
    if "\x00" in text:
        raise Refused(NOT_TEXT)
    return text


def _lines(texts: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield line by line with its number, whichever way lines end; of a line too long only its beginning."""
    number, rest, held = 0, "", ""
    for text in texts:
        text, held = held + text, ""
        if text.endswith("\r"):  # perhaps half of an end
            text, held = text[:-1], "\r"
        *whole, last = _ENDS.split(text)
        for piece in whole:
            number += 1
            yield _numbered(number, rest + piece)
            rest = ""
        rest = (rest + last)[: LONGEST_LINE + 1]
    if held or rest:
        yield _numbered(number + 1, rest)


def _numbered(number: int, line: str) -> tuple[int, str]:
    if number > LINES_AT_MOST + 1:  # one for the head
        raise Refused(TOO_MANY)
    return number, line


def _named(lines: Iterable[tuple[int, str]], reading: Reading) -> Iterator[tuple[int, str]]:
    """Yield what each line names; count at once what cannot be an id."""
    delimiter, columns = "", (0,)
    for number, line in lines:
        if not line.strip(" \t,;\ufeff\u00a0"):
            reading.blank += 1
            continue
        if not delimiter:
            delimiter = _delimiter(line)
            found = _columns(_cells(line, delimiter))
            if found:
                columns = found
                continue
        reading.lines += 1
        if reading.lines > LINES_AT_MOST:
            raise Refused(TOO_MANY)
        said = _first(_cells(line, delimiter), columns)
        why = TOO_LONG if len(line) > LONGEST_LINE else _fault(said)
        if why:
            reading.leave(number, said, why)
        else:
            yield number, said


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _columns(cells: Sequence[str]) -> tuple[int, ...]:
    """Return which columns name a home; none, if this line is no head."""
    heads = [re.sub(r"[\s_.\-]", "", cell).casefold() for cell in cells]
    named = tuple(number for number, head in enumerate(heads) if head in HEADS)
    return named or tuple(number for number, head in enumerate(heads) if head in VAGUE_HEADS)


def _cells(line: str, delimiter: str) -> list[str]:
    """Split one line; a quotation mark that is never closed takes no further line with it."""
    try:
        return next(csv.reader([line[:LONGEST_LINE]], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _first(cells: Sequence[str], columns: Sequence[int]) -> str:
    """Return the first filled cell, without the mark by which spreadsheets keep text as text."""
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
    return plain if len(plain) <= 60 else f"{plain[:59]}…"
