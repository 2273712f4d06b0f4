"""What the exceptions of requests and urllib3 mean: no answer in time, a connection lost, or one never made.

A write is safe to repeat only in the last case, so what is not known for certain counts as connected.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from urllib3 import exceptions

from gridshare_portal.gridshare import errors

_NEVER_CONNECTED = (
    exceptions.ConnectTimeoutError,
    exceptions.NewConnectionError,
    ssl.SSLCertVerificationError,
)


def lost(operation: str, error: BaseException) -> errors.GridshareError:
    """Return the error of ours that stands for a call without an answer."""
    causes = list(_chain(error))
    connected = not any(isinstance(cause, _NEVER_CONNECTED) for cause in causes)
    kind = errors.Timeout if any(_is_timeout(cause) for cause in causes) else errors.ConnectionLost
    return kind(operation, may_have_happened=connected)


def _is_timeout(cause: BaseException) -> bool:
    # urllib3 counts every connection that was not made among its timeouts, also a refused one.
    if isinstance(cause, exceptions.NewConnectionError):
        return False
    return isinstance(cause, requests.Timeout | exceptions.TimeoutError | TimeoutError)


def _chain(error: object) -> Iterator[BaseException]:
    waiting, seen = [error], set()
    while waiting:
        found = waiting.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
