"""Whose Lunar account a fresh access token is for, read only after its signature was verified.

Lunar sends no ID token, and its access token has no audience; the client is a claim of its own. Signing keys
come from the issuer's key set, are cached, and are fetched again when an unknown key signs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import jwt

from gridshare_portal.lunar.login import calls

LONGEST_SUB, LONGEST_UID = 191, 191  # as the tables hold them; the second with the issuer before it
KEPT_S = 600
LEEWAY_S = 30
NEEDED = ["sub", "exp", "iss", "client_id", "token_use"]


class NotGenuine(Exception):
    """The token is not one that Lunar made for the portal just now."""


class NoKeys(Exception):
    """Lunar's signing keys could not be read, so the token cannot be verified."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A Lunar account, and the scopes that its owner granted."""

    issuer: str
    sub: str
    username: str
    scopes: str


def identify(access_token: str, *, issuer: str, client_id: str) -> Identity:
    """Return whose token this is; raise NotGenuine or NoKeys."""
    claims = _claims(access_token, issuer)
    if (claims["token_use"], claims["client_id"]) != ("access", client_id):
        raise NotGenuine("made for another client or another use")
    sub = claims["sub"]
    if not isinstance(sub, str) or not 0 < len(sub) <= min(LONGEST_SUB, LONGEST_UID - len(issuer) - 1):
        raise NotGenuine("names nobody")
    return Identity(
        issuer=issuer,
        sub=sub,
        username=str(claims.get("username", ""))[:200],
        scopes=" ".join(str(claims.get("scope", "")).split()),
    )


def _claims(access_token: str, issuer: str) -> dict[str, object]:
    try:
        key = _keys_of(issuer).get_signing_key_from_jwt(access_token)
        return jwt.decode(
            access_token,
            key.key,
            algorithms=["RS256"],
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": NEEDED, "verify_aud": False},
        )
    except jwt.PyJWKClientConnectionError as failure:
        raise NoKeys from failure
    except jwt.PyJWTError as failure:
        raise NotGenuine(type(failure).__name__) from None


class _Keys(jwt.PyJWKClient):
    """An issuer's signing keys, fetched under the same deadline as every other call."""

    def fetch_data(self) -> dict[str, object]:
        try:
            answer = calls.get(self.uri)
            keys = json.loads(answer.body) if answer.status == 200 else None
        except (calls.Unreachable, ValueError) as failure:
            raise jwt.PyJWKClientConnectionError("no keys") from failure
        if not isinstance(keys, dict):
            raise jwt.PyJWKClientConnectionError("no keys")
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(keys)
        return keys


@lru_cache(maxsize=4)
def _keys_of(issuer: str) -> _Keys:
    return _Keys(f"{issuer}/.well-known/jwks.json", lifespan=KEPT_S)
