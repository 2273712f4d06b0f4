"""Decode an uploaded text file into numbered lines: UTF-8 or UTF-16, any line ends, chunk by chunk.

A file that is too large, not text or in another encoding is refused with a sentence for the page. Pure.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator

BYTES_AT_MOST = 10 * 1024 * 1024
LINES_AT_MOST = 100_000
LONGEST_LINE = 4_000
LONGEST_MARK = 4

TOO_LARGE = "This file is larger than 10 MB. Cut it into several runs."
TOO_MANY = f"This file has more than {LINES_AT_MOST:,} lines. Cut it into several runs."
A_WORKBOOK = "This is a workbook or an archive, not a text file. Save it as CSV and choose that file."
NOT_TEXT = "This is not a text file. Save the list of homes as CSV and choose that file."
NOT_UTF_8 = "Line {:,} is written in an encoding that cannot be read here. Save the file as CSV UTF-8."

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENDS = re.compile(r"\r\n|\r|\n")


class FileRefused(Exception):
    """The file as a whole cannot be read; the text is a sentence for the page."""


def numbered(chunks: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Yield each line with its number from 1; of a line over LONGEST_LINE characters, its beginning.

    Raises FileRefused for a file over BYTES_AT_MOST or LINES_AT_MOST, one that is not text, or one that is
    neither UTF-8 nor UTF-16.
    """
    number, rest, held = 0, "", ""
    for text in _decoded(chunks):
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


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of the file; its first bytes tell the encoding."""
    decoder, size, lines, held = None, 0, 1, b""
    for chunk in itertools.chain(chunks, [b""]):
        size, held = size + len(chunk), held + chunk
        if size > BYTES_AT_MOST:
            raise FileRefused(TOO_LARGE)
        if decoder is None and (len(held) >= LONGEST_MARK or not chunk):
            decoder = codecs.getincrementaldecoder(_encoding(held))()
        if decoder is not None:
            text, held = _text(decoder, held, lines, final=not chunk), b""
            lines += text.count("\n")
            yield text


def _encoding(first: bytes) -> str:
    if first.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")):
        raise FileRefused(A_WORKBOOK)
    if first.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise FileRefused(NOT_TEXT)
    return next((name for mark, name in _MARKS if first.startswith(mark)), "utf-8")


def _text(decoder: codecs.IncrementalDecoder, chunk: bytes, lines: int, *, final: bool) -> str:
    try:
        text = decoder.decode(chunk, final)
    except UnicodeDecodeError as fault:
        at = lines + chunk[: fault.start].count(b"\n")
        raise FileRefused(NOT_UTF_8.format(at)) from fault
    if "\x00" in text:
        raise FileRefused(NOT_TEXT)
    return text


def _numbered(number: int, line: str) -> tuple[int, str]:
    if number > LINES_AT_MOST + 1:  # one for the head
        raise FileRefused(TOO_MANY)
    return number, line
