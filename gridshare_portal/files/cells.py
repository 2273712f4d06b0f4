"""Write rows as a spreadsheet reads them, so that no cell becomes a formula or turns the line's direction."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def text(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula, on one line and in one direction."""
    plain = "".join(" " if one.isspace() else one for one in value if one.isspace() or one.isprintable())
    return f"'{plain}" if plain.lstrip().startswith(FORMULA) else plain


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Turn rows into the lines of a file, one at a time."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)
