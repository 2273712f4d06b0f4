"""Find what a chart does not know, and say why: a gap is drawn as a gap and has a cause.

A bucket that has not begun is not a gap, and neither are the newest few, which are only late.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from gridshare_portal.homeowner.home import words

Column = Sequence[int | None]

LATE_BUCKETS = 3  # readings come in every few minutes: so many may still be on their way
NOT_FETCHED = "Still being fetched"
TOO_OLD = "Before the oldest readings"
SILENT = "Nothing heard from the home"


@dataclass(frozen=True)
class Gap:
    """Buckets from the first up to, but without, the last, and why nothing is known of them."""

    first: int
    last: int
    cause: str

    def as_dict(self) -> dict[str, int | str]:
        """Return it as the charts read it."""
        return asdict(self)


def between_readings(
    parts: Mapping[str, Sequence[Column]], *, begun: int, unfetched: int, why: str
) -> list[Gap]:
    """Return the stretches in which some part of the home (solar, battery, grid) was not heard.

    A part is a name and its columns. Of the first `unfetched` buckets nobody asked; `why` says why.
    """

    def cause(bucket: int) -> str:
        if not parts:
            return ""
        silent = [name for name, columns in parts.items() if any(one[bucket] is None for one in columns)]
        if silent and bucket < unfetched:
            return why
        return SILENT if len(silent) == len(parts) else _nothing_from(silent)

    causes = [cause(bucket) for bucket in range(begun)]
    late = next((n for n, one in enumerate(reversed(causes)) if not one), begun)
    return _runs(causes[: begun - late] if late <= LATE_BUCKETS else causes)


def between_bars(missing: Sequence[bool], *, unfetched: int, why: str) -> list[Gap]:
    """Return the stretches of bars of which nothing at all is known."""
    return _runs([(why if bar < unfetched else SILENT) if lost else "" for bar, lost in enumerate(missing)])


def at(found: Sequence[Gap], bucket: int) -> str:
    """Return why nothing is known of a bucket, or nothing where all is."""
    return next((gap.cause for gap in found if gap.first <= bucket < gap.last), "")


def _nothing_from(silent: list[str]) -> str:
    return f"No readings from {words.listed(silent)}" if silent else ""


def _runs(causes: Sequence[Hashable]) -> list[Gap]:
    found = []
    for cause, run in groupby(enumerate(causes), key=lambda pair: pair[1]):
        buckets = [bucket for bucket, _ in run]
        if cause:
            found.append(Gap(buckets[0], buckets[-1] + 1, str(cause)))
    return found
