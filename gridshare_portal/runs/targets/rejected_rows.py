"""The lines that a file of homes left out: counts of all, the first ROWS_AT_MOST line by line."""

from __future__ import annotations

from collections.abc import Iterator

from gridshare_portal.files import cells
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.targets import site_files

SHOWN = 100
TOGETHER = 1_000
HEADS = ("Line", "What stands there", "Why it was left out")


def summary(choice: runs.TargetSelection) -> dict[str, object]:
    """Return what the page of a run shows of its file."""
    counts = sorted(choice.counts.items(), key=lambda one: -one[1])
    return {
        "name": choice.file_name,
        "lines": choice.read,
        "homes": choice.read - choice.left_out,
        "blank": choice.blank,
        "left_out": choice.left_out,
        "kept": choice.kept,
        "counts": [(_words(why), count) for why, count in counts],
        "left": [(one.line, one.said, _words(one.why)) for one in choice.left.all()[:SHOWN]],
    }


def rows(choice: runs.TargetSelection) -> Iterator[list[str | int]]:
    """Yield the rows of a table: heads, left-out lines, and how many more are not kept."""
    yield list(HEADS)
    line = 0
    while lines := list(choice.left.filter(line__gt=line)[:TOGETHER]):
        for one in lines:
            yield [one.line, cells.text(one.said), _words(one.why)]
        line = lines[-1].line
    missing = choice.left_out - choice.kept
    if missing:
        yield ["", "", f"{missing:,} more lines were left out; only the first {choice.kept:,} are kept."]


def _words(why: str) -> str:
    return site_files.REASONS.get(why, why)
