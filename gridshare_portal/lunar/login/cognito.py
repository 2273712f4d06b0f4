"""Lunar's login, an Amazon Cognito user pool: exchange, refresh and revoke tokens.

Only this module knows Cognito's refusals. Three kinds matter: a grant that has ended, a client (the portal)
that is refused, and everything else, which passes. No token appears in a repr or an error. Imports no Django.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from gridshare_portal.lunar.login import calls

DEFAULT_LIFE_S = 3600
SHORTEST_LIFE_S, LONGEST_LIFE_S = 1, 7 * 86_400
CLIENT_FAULTS = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type"}
)


class GrantEnded(Exception):
    """Cognito no longer accepts this code or refresh token."""


class ClientRefused(Exception):
    """Cognito refuses the portal itself; no homeowner can do anything about it."""


class Unavailable(Exception):
    """No usable answer; try again later."""


@dataclass(frozen=True, kw_only=True)
class Client:
    url: str
    id: str
    secret: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of the Basic header; Cognito takes name and secret without percent-encoding."""
        return base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The tokens of one answer; without rotation a refresh brings no new refresh token."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_in_s: int


def exchange(client: Client, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """Exchange an authorization code, which works once; raise GrantEnded, ClientRefused or Unavailable."""
    fields = {
        "grant_type": "authorization_code",
        "client_id": client.id,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return _tokens(client, fields)


def refresh(client: Client, *, refresh_token: str) -> Tokens:
    """Get a new access token; raise GrantEnded, ClientRefused or Unavailable."""
    fields = {"grant_type": "refresh_token", "client_id": client.id, "refresh_token": refresh_token}
    return _tokens(client, fields)


def revoke(client: Client, *, refresh_token: str) -> None:
    """Revoke a refresh token, and with it its access tokens; raise like refresh."""
    _post(client, "/oauth2/revoke", {"token": refresh_token})


def _tokens(client: Client, fields: dict[str, str]) -> Tokens:
    body = _post(client, "/oauth2/token", fields).json()
    access, refresh_token = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise Unavailable("no access token in the answer")
    known = refresh_token if isinstance(refresh_token, str) and refresh_token else None
    return Tokens(access=access, refresh=known, expires_in_s=_life_s(body.get("expires_in")))


def _life_s(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return DEFAULT_LIFE_S
    try:
        return min(max(int(value), SHORTEST_LIFE_S), LONGEST_LIFE_S)
    except (ValueError, OverflowError):
        return DEFAULT_LIFE_S


def _post(client: Client, path: str, fields: dict[str, str]) -> calls.LoginResponse:
    try:
        answer = calls.post(f"{client.url}{path}", fields=fields, basic=client.basic)
    except calls.Unreachable as failure:
        raise Unavailable(str(failure)) from None
    if answer.status != 200:
        raise _refusal(answer)
    return answer


def _refusal(answer: calls.LoginResponse) -> Exception:
    word = answer.json().get("error") if answer.status in (400, 401) else None
    if word == "unsupported_token_type" or (word == "invalid_grant" and answer.status == 400):
        return GrantEnded(word)
    if word in CLIENT_FAULTS:
        return ClientRefused(word)
    return Unavailable(f"status {answer.status}")
