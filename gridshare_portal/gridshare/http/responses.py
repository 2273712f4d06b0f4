"""What an answer means: its bytes within the cap, its JSON as far as it can be read, its status as an error.

A value that JSON should not carry (NaN, a number too large to be one, a NUL or half a surrogate in a text)
becomes unknown or a replacement mark, and costs nobody the rest of the answer.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import requests
from urllib3 import exceptions

from gridshare_portal.gridshare import errors
from gridshare_portal.outbound import session

BYTES_AT_MOST = 10_000_000
LONGEST_RETRY_S = 3600.0
_BY_STATUS = {
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    408: errors.Timeout,
    429: errors.TooManyRequests,
}
_NOT_UNDERSTOOD = {400, 405, 406, 411, 413, 414, 415, 431}
_PAIR_OR_BROKEN = re.compile(
    r"(?P<kept>\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)"
)


def body(operation: str, response: requests.Response) -> bytes:
    """Read the answer's bytes, unpacked and never more than 10 MB of them."""
    try:
        return session.body(response, at_most=BYTES_AT_MOST)
    except session.TooLarge:
        raise errors.TooLarge(operation, status=response.status_code) from None
    except exceptions.DecodeError:
        raise errors.NotJson(operation, status=response.status_code) from None
    except exceptions.ReadTimeoutError:
        raise errors.Timeout(operation, status=response.status_code) from None
    except (exceptions.HTTPError, OSError, ValueError):
        raise errors.Truncated(operation, status=response.status_code) from None


def headers(response: requests.Response, *, hide: Callable[[bytes], bytes]) -> dict[str, str]:
    """Return an answer's headers by their names in lower case, without cookies and what is to be hidden."""
    return {
        name.lower(): hide(value.encode("latin-1", "replace")).decode("latin-1")
        for name, value in response.headers.items()
        if name.lower() != "set-cookie"
    }


def content(operation: str, status: int, raw: bytes) -> object:
    """Return the JSON in an answer, or None when the answer is empty."""
    if not raw.strip():
        return None
    text = raw.decode("utf-8-sig", "replace")
    if "\\u" in text:
        text = _PAIR_OR_BROKEN.sub(lambda found: found["kept"] or "\\ufffd", text)
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_int=_whole)
    except (ValueError, RecursionError):  # nested deeper than any home is: an answer that nobody can use
        pass
    broke_off = text.lstrip()[:1] in "{[" and text.rstrip()[-1:] not in "}]"
    raise (errors.Truncated if broke_off else errors.NotJson)(operation, status=status)


def failure(operation: str, status: int, raw: bytes, *, retry_after_s: float | None) -> errors.GridshareError:
    """Return the error that a status other than 2xx stands for, with the API's own words if it has any."""
    said = _said(operation, status, raw)
    message, code = _text(said.get("message")) or "", _text(said.get("code"))
    kind = _kind(status, message, code)
    return kind(operation, status=status, message=message, code=code, retry_after_s=retry_after_s)


def retry_after_s(value: str | None, *, now: datetime | None = None) -> float | None:
    """Return for how long the server asks to be left alone, at most an hour; None if it does not."""
    if not value:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip(), re.ASCII):  # 9110 has no fraction; servers send one
        return min(float(value), LONGEST_RETRY_S)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000" is UTC as well
        left_s = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(left_s, 0.0), LONGEST_RETRY_S)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)


def _said(operation: str, status: int, raw: bytes) -> dict[str, object]:
    try:
        said = content(operation, status, raw)
    except errors.UnexpectedAnswer:
        return {}
    return said if isinstance(said, dict) else {}


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return "".join(mark if mark.isprintable() else " " for mark in value[:300]).strip() or None


def _kind(status: int, message: str, code: str | None) -> type[errors.GridshareError]:
    if status == 403 and code is None and message.casefold() == "missing authentication token":
        return errors.WrongRoute
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _NOT_UNDERSTOOD:
        return errors.Malformed
    if 400 <= status < 500:
        return errors.Unprocessable
    return errors.ServerError if status >= 500 else errors.UnexpectedAnswer
