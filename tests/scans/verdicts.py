"""What one scanner said, and whether it counts: only a scanner that finds what was planted is believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One scanner's run: what was planted and found of it, and what it found in the portal."""

    scanner: str
    planted: frozenset[str]
    found: frozenset[str]
    ours: tuple[str, ...]
    seconds: float
    note: str = ""
    missed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "missed", self.planted - self.found)

    @property
    def holds(self) -> bool:
        """Whether something was planted, all of it was found, and nothing in the portal was."""
        return bool(self.planted) and not self.missed and not self.ours


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the verdicts as lines of text: first the table, then each finding and each miss."""
    told = list(verdicts)
    rows = [("scanner", "planted found", "in the portal", "seconds", "")]
    rows += [
        (
            one.scanner,
            f"{len(one.planted) - len(one.missed)} of {len(one.planted)}",
            str(len(one.ours)),
            f"{one.seconds:.0f}",
            one.note,
        )
        for one in told
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    for one in told:
        lines += [f"MISSED by {one.scanner}: {name}" for name in sorted(one.missed)]
        lines += [f"FOUND by {one.scanner}: {name}" for name in one.ours]
    return "\n".join(lines)
