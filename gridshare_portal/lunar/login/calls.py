"""HTTP calls to Lunar's login, each over by its deadline.

A dripping answer must not outlive the lease of a refresh. Answers are small, and neither an error nor a
log line holds a body.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import requests

from gridshare_portal.outbound import session, transport_errors

DEADLINE_S = 5.0
LARGEST = 256 * 1024


class Unreachable(Exception):
    """No whole answer came in time."""


@dataclass(frozen=True, kw_only=True)
class LoginResponse:
    """A status and a body; the body may hold tokens and is never printed."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"<LoginResponse {self.status}>"

    def json(self) -> dict[str, object]:
        """Return the JSON object of the body; empty when there is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def get(url: str, *, deadline_s: float = DEADLINE_S) -> LoginResponse:
    """Fetch a public document; raises Unreachable."""
    return _send(requests.Request("GET", url), deadline_s)


def post(url: str, *, fields: dict[str, str], basic: str, deadline_s: float = DEADLINE_S) -> LoginResponse:
    """Send a form, with the client's name and secret in the Basic header; raises Unreachable."""
    request = requests.Request("POST", url, data=fields, headers={"Authorization": f"Basic {basic}"})
    return _send(request, deadline_s)


def _send(request: requests.Request, deadline_s: float) -> LoginResponse:
    # A kept connection may end just as a token is sent, and what Lunar made of it would stay unknown.
    request.headers["Accept"] = "application/json"
    try:
        with session.new() as once:
            response = session.send(request.prepare(), within_s=deadline_s, session=once)
            body = session.body(response, at_most=LARGEST)
            return LoginResponse(status=response.status_code, body=body)
    except session.TooLarge:
        failure = "too large"
    except session.FAILURES as error:
        failure = "late" if transport_errors.is_late(error) else type(error).__name__
    raise Unreachable(failure)
