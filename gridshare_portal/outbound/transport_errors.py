"""What the exceptions of requests and urllib3 mean: an answer too late, a connection lost or never made.

A write is safe to repeat only if the connection was never made, so what is not known counts as connected.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from urllib3 import exceptions

_NEVER_CONNECTED = (
    exceptions.ConnectTimeoutError,
    exceptions.NewConnectionError,
    ssl.SSLCertVerificationError,
)


def was_connected(error: BaseException) -> bool:
    """Return whether the request may have reached the other side."""
    return not any(isinstance(cause, _NEVER_CONNECTED) for cause in _chain(error))


def is_late(error: BaseException) -> bool:
    """Return whether the deadline ended the call."""
    return any(_is_timeout(cause) for cause in _chain(error))


def tls_failure(error: BaseException) -> str:
    """Return why no secure connection came about, in OpenSSL's words; empty where that was not the reason."""
    causes = (cause for cause in _chain(error) if isinstance(cause, ssl.SSLError))
    return next((cause.reason or type(cause).__name__ for cause in causes), "")


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
