"""Which ids may stand in the path of a call.

An id of `..` changes the path even when it is quoted, since quoting leaves dots alone. So ids are checked
against what they may be before anything is sent, and quoted only then.
"""

from __future__ import annotations

import re
from typing import TypeGuard
from urllib.parse import quote

from gridshare_portal.gridshare import errors

LONGEST = 128
_ALLOWED = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.:-]{{0,{LONGEST - 1}}}")


def allowed(value: object) -> TypeGuard[str]:
    """Return whether this can be the id of a site, a device or a sensor."""
    return isinstance(value, str) and _ALLOWED.fullmatch(value) is not None


def in_path(operation: str, value: object) -> str:
    """Return the id quoted for a path; BadId where it could lead elsewhere."""
    if not allowed(value):
        raise errors.BadId(operation)
    return quote(value, safe="")
