"""Write rows as CSV whose cells no spreadsheet takes for a formula or for another text direction."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")


class _Echo:
    """A file that returns each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def text(value: str) -> str:
    """Return the text on one line and in one direction, with ' before what would be a formula."""
    plain = "".join(" " if one.isspace() else one for one in value if one.isspace() or one.isprintable())
    return f"'{plain}" if plain.lstrip().startswith(FORMULA) else plain


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the rows as lines of CSV."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)
