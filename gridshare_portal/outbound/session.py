"""HTTP with one deadline for the whole call, for every program that the portal calls.

Redirects are not followed, no cookie is kept, nothing is repeated, and nothing from the environment
(proxies, netrc) has a say, so a secret goes to one host and nowhere else.
"""

from __future__ import annotations

import logging
import os
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3 import exceptions

from gridshare_portal.outbound import request_id, sockets, transport_errors

log = logging.getLogger(__name__)

CONNECT_S = 3.0
CONNECTIONS_KEPT = 32
FAILURES = (requests.RequestException, exceptions.HTTPError, OSError, ValueError)
_CHUNK = 65536

_sessions: dict[int, requests.Session] = {}


class TooLarge(Exception):
    """The body is longer than any answer needs to be."""


def new() -> requests.Session:
    """Return a session of its own, whose connections end with it."""
    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    for scheme in ("https://", "http://"):
        session.mount(scheme, sockets.Adapter(connections_kept=CONNECTIONS_KEPT))
    return session


def shared() -> requests.Session:
    """Return this process's one session; it is safe to use from any thread."""
    pid = os.getpid()
    return _sessions.get(pid) or _sessions.setdefault(pid, new())


def send(
    request: requests.PreparedRequest, *, within_s: float, session: requests.Session | None = None
) -> requests.Response:
    """Send once and return the answer with its body unread; raises one of FAILURES.

    Name look-up, connection, headers and the body read by `body` end together after `within_s` seconds.
    """
    session = session or shared()
    if name := request_id.current():
        request.headers[request_id.HEADER] = name
    timeout = urllib3.Timeout(total=within_s, connect=min(CONNECT_S, within_s))
    try:
        return session.get_adapter(request.url or "").send(
            request,
            stream=True,
            timeout=timeout,  # type: ignore[arg-type]  # requests takes one, its stub leaves it out
            verify=True if session.verify is None else session.verify,
        )
    except FAILURES as error:
        if reason := transport_errors.tls_failure(error):
            log.error("no secure connection to %s: %s", urlsplit(request.url or "").hostname, reason)
        raise


def body(response: requests.Response, *, at_most: int) -> bytes:
    """Read an answer's bytes, unpacked; raises TooLarge, or one of FAILURES."""
    pieces, size = [], 0
    while piece := response.raw.read(_CHUNK, decode_content=True):
        size += len(piece)
        if size > at_most:
            raise TooLarge
        pieces.append(piece)
    return b"".join(pieces)
