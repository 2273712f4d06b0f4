"""Read what a call sent: JSON, moments, durations and numbers; refuse anything else, never guess."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta

from werkzeug.wrappers import Request

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?)?", re.ASCII)


class Refusal(Exception):
    """A call is refused, with a status, a code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def malformed(message: str) -> Refusal:
    return Refusal(400, "MalformedInput", message)


def unprocessable(message: str) -> Refusal:
    return Refusal(422, "Unprocessable", message)


def json_object(request: Request) -> dict[str, object]:
    if request.mimetype != "application/json":
        raise malformed("the body must be application/json")
    try:
        value = json.loads(request.get_data(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise malformed("the body is not JSON") from problem
    if not isinstance(value, dict):
        raise unprocessable("the body must be a JSON object")
    return value


def text(value: object, name: str, *, longest: int = 256) -> str:
    """Return a text that is no longer than a device can store."""
    if not isinstance(value, str):
        raise unprocessable(f"{name} must be a string")
    if len(value) > longest:
        raise unprocessable(f"{name} is longer than {longest} characters")
    return value


def word(value: object) -> str:
    """Return the value if it is a text, else ""."""
    return value if isinstance(value, str) else ""


def number(value: object, name: str) -> float:
    """Return a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unprocessable(f"{name} must be a number")
    if not abs(value) <= sys.float_info.max:
        raise unprocessable(f"{name} must be a finite number")
    return float(value)


def moment(value: object, name: str) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise unprocessable(f"{name} must be a date-time with a zone, such as 2026-04-01T00:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise unprocessable(f"{name} is not a moment that exists") from problem


def duration(value: str, name: str) -> timedelta:
    """Return an ISO 8601 duration of days, hours and minutes."""
    found = _DURATION.fullmatch(value)
    if found is None or not any(found.groups()):
        raise unprocessable(f"{name} must be an ISO 8601 duration, such as PT15M")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")
