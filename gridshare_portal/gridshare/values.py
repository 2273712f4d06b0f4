"""Check single values of the API's JSON: a number, a text, a moment, or unknown (None).

True is no number, "12" is no number, and a date that does not exist is no moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


class Misshapen(ValueError):
    """The answer does not have the agreed shape; the text says where."""


def number(value: object) -> float | None:
    """Return the value if it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def text(value: object) -> str | None:
    """Return the value if it is a text with more than spaces."""
    return value if isinstance(value, str) and value.strip() else None


def moment(value: object) -> datetime | None:
    """Return the moment in UTC; one without an offset is in UTC, as the API promises."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, without its other items."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def record(value: object, where: str) -> dict[str, object]:
    """Return the value if it is a JSON object; Misshapen otherwise."""
    if not isinstance(value, dict):
        raise Misshapen(where)
    return value


def records(body: object, key: str) -> list[dict[str, object]]:
    """Return the objects listed under a key; a list that is absent is Misshapen, never an empty list."""
    listed = record(body, "the answer").get(key)
    if not isinstance(listed, list):
        raise Misshapen(key)
    return some([item for item in listed if isinstance(item, dict)], of=listed, where=key)


def some(usable: list[T], *, of: Sequence[object], where: str) -> list[T]:
    """Return the usable items of a list; Misshapen where it has items and none is usable."""
    if of and not usable:
        raise Misshapen(where)
    return usable


def rest(found: dict[str, object], named: Iterable[str]) -> dict[str, object]:
    """Return the fields beyond those that have a name here."""
    return {key: value for key, value in found.items() if key not in named}


def iso(moment_at: datetime) -> str:
    """Write a moment as the API wants it: in UTC, ending in Z."""
    if moment_at.tzinfo is None:
        raise ValueError("a moment without a zone cannot be sent")
    return moment_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
