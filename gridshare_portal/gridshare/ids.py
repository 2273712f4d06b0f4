"""Which ids may stand in the path of a call.

The contract says of an id only that it is a text, so nearly every text is one, and is sent percent-encoded.
An id of `..` changes the path even so, since quoting leaves dots alone, and some servers decode twice, take
`\\` for `/`, or fold look-alikes. So whatever becomes a dot segment that way is refused, as are control
characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypeGuard
from urllib.parse import quote, unquote

from gridshare_portal.gridshare import errors

LONGEST = 255  # characters: as many as the columns that hold an id
MISSING, NO_TEXT, EMPTY = "is missing", "is no text", "is empty"
TOO_LONG = f"has more than {LONGEST} characters"
UNREADABLE, DOTS = "has a control character", "has a dot segment"
NAMELESS = frozenset({MISSING, NO_TEXT})  # after which nobody knows which one was meant
_REPLACED = "\ufffd"  # stands for what JSON or UTF-8 could not carry, so the id is not known


def fault_of(value: object) -> str:
    """Return why this can be no id of a site, a device or a sensor, or "" where it can."""
    if not isinstance(value, str):
        return MISSING if value is None else NO_TEXT
    if not value:
        return EMPTY
    if len(value) > LONGEST:
        return TOO_LONG
    if _REPLACED in value or any(unicodedata.category(mark) in ("Cc", "Cs") for mark in value):
        return UNREADABLE
    return DOTS if _leads_elsewhere(value) else ""


def allowed(value: object) -> TypeGuard[str]:
    """Return whether this can be the id of a site, a device or a sensor."""
    return not fault_of(value)


def in_path(operation: str, value: object) -> str:
    """Return the id quoted for a path; BadId where it could lead elsewhere."""
    if not allowed(value):
        raise errors.BadId(operation)
    return quote(value, safe="")


def _leads_elsewhere(value: str) -> bool:
    """Return whether a segment is `.` or `..`, as it is or after decoding as often as anybody might."""
    before = ""
    while value != before:
        segments = re.split(r"[/\\]", unicodedata.normalize("NFKC", value))
        if any(segment.partition(";")[0] in (".", "..") for segment in segments):
            return True
        before, value = value, unquote(value)
    return False
