"""Check single values of the API's JSON: a number, a text, a moment, or unknown (None).

True is no number, "12" is no number, and a date that does not exist is no moment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:[.,](?P<fraction>[0-9]+))?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


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
    """Return the moment in UTC; one without an offset is in UTC, as the API promises.

    RFC 3339 in full, and what ISO 8601 allows beyond it as far as it names one moment: 24:00:00 is the next
    midnight. A leap second, which only the last second of a month in UTC can be, is the midnight after it.
    What is finer than a microsecond is cut off.
    """
    if not isinstance(value, str):
        return None
    found = _MOMENT.fullmatch(value)
    try:
        read = datetime.fromisoformat(value) if found is None else _moment(found)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(found: re.Match[str]) -> datetime:
    """Return the moment of a text of RFC 3339's shape; ValueError where there is no such moment."""
    hour, second = int(found["hour"]), int(found["second"])
    is_leap, is_midnight = second == 60, hour == 24
    fraction = (found["fraction"] or "")[:6]
    if is_midnight and found["minute"] + found["second"] + (found["fraction"] or "").strip("0") != "0000":
        raise ValueError("24:00:00 is the last moment of a day")
    clock = (
        f"{0 if is_midnight else hour:02d}:{found['minute']}:{59 if is_leap else second:02d}.{fraction:0<6}"
    )
    offset = (found["offset"] or "").upper()
    read = datetime.fromisoformat(f"{found['day']}T{clock}{offset}")
    if not is_leap:
        return read + timedelta(days=is_midnight)
    after = (read if read.tzinfo is None else read.astimezone(UTC)).replace(microsecond=0) + timedelta(
        seconds=1
    )
    if (after.day, after.hour, after.minute, after.second) != (1, 0, 0, 0):
        raise ValueError("a leap second ends a month in UTC")
    return after


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, without its other items."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def record(value: object, where: str) -> dict[str, object]:
    """Return the value if it is a JSON object; Misshapen otherwise."""
    if not isinstance(value, dict):
        raise Misshapen(where)
    return value


def listed(body: object, key: str) -> list[object]:
    """Return the list under a key; one that is absent is Misshapen, never an empty list."""
    found = record(body, "the answer").get(key)
    if not isinstance(found, list):
        raise Misshapen(key)
    return found


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
