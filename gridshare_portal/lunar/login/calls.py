"""One HTTP call to Lunar's login, over by its deadline whatever the other side does.

A socket timeout restarts with every byte, so a dripping answer outlives it by minutes and
with it the lease of a refresh. Here a timer cuts the connection at the deadline. Redirects
are not followed, answers are small, and neither an error nor a log line holds a body.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import certifi

CONNECT_S = 3.0
DEADLINE_S = 8.0
LARGEST = 256 * 1024


class Unreachable(Exception):
    """No whole answer came in time."""


@dataclass(frozen=True, kw_only=True)
class LoginResponse:
    """A status and a body; the body may hold tokens and is never printed."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status}>"

    def json(self) -> dict[str, object]:
        """Return the JSON object of the body; empty when there is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def get(url: str, *, deadline_s: float = DEADLINE_S) -> LoginResponse:
    """Fetch a public document."""
    return _call("GET", url, headers={}, body=None, deadline_s=deadline_s)


def post(url: str, *, fields: dict[str, str], basic: str, deadline_s: float = DEADLINE_S) -> LoginResponse:
    """Send a form, with the client's name and secret in the Basic header."""
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    return _call("POST", url, headers=headers, body=urlencode(fields).encode(), deadline_s=deadline_s)


def _call(
    method: str, url: str, *, headers: dict[str, str], body: bytes | None, deadline_s: float
) -> LoginResponse:
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    cutter = _Cutter(deadline_s)
    try:
        connection.connect()
        cutter.watch(connection.sock)
        connection.sock.settimeout(deadline_s)
        connection.request(method, parts.path, body, {"Accept": "application/json", **headers})
        response = connection.getresponse()
        answer = LoginResponse(status=response.status, body=response.read(LARGEST + 1))
    except (OSError, http.client.HTTPException) as failure:
        raise Unreachable("late" if cutter.is_late else type(failure).__name__) from None
    finally:
        cutter.cancel()
        connection.close()
    if cutter.is_late or len(answer.body) > LARGEST:
        raise Unreachable("late" if cutter.is_late else "too large")
    return answer


class _Cutter:
    """Ends a connection at its deadline; http.client forgets its socket too early to ask it."""

    def __init__(self, deadline_s: float) -> None:
        self.is_late = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(deadline_s, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.is_late:
            raise TimeoutError

    def cancel(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.is_late = True
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=_tls())
    return http.client.HTTPConnection(host, port, timeout=CONNECT_S)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
