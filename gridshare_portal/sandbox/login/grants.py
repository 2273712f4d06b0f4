"""The state of the simulated user pool: its keys, its one client, and the grants.

Access tokens are signed and never looked up, so a revoked grant's token works until it expires, as with
Cognito. Refresh tokens are kept as digests only.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NotRequired, TypedDict, Unpack

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options

SCOPES = ("lunar/device.read", "lunar/device.write", "lunar/plan.read", "lunar/plan.write")
CODE_S = 300
REFRESH_S = 30 * 86400


class Denied(Exception):
    """The token endpoint refuses, with one of OAuth's error codes."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass
class Client:
    client_id: str
    client_secret: str
    redirect_uris: list[str]


@dataclass(kw_only=True)
class Grant:
    """What one person granted the client; `refresh` holds tokens by digest, with when a rotated one ends."""

    id: str
    username: str
    scopes: list[str]
    auth_time: int
    refresh: dict[str, float | None] = field(default_factory=dict)
    revoked: bool = False


class Stored(TypedDict):
    """Keys and grants as plain JSON values."""

    keys: list[str]
    grants: list[dict[str, Any]]


class Tokens(TypedDict):
    access_token: str
    token_type: str
    expires_in: int
    refresh_token: NotRequired[str]


class Code(TypedDict):
    """What an authorization code that waits to be exchanged stands for."""

    username: str
    scopes: list[str]
    redirect_uri: str
    challenge: str | None


class Pool:
    """The user pool. Safe to use from many threads."""

    def __init__(
        self, *, issuer: str, client: Client, subjects: dict[str, str], access_token_s: int = 3600,
        rotate: bool = False, grace_s: float = 60, stored: Stored | None = None,
        saved: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.issuer, self.client = issuer, client
        self.access_token_s, self.rotate, self.grace_s = access_token_s, rotate, grace_s
        self.time: Callable[[], float] = time.time
        self._subjects, self._saved = subjects, saved
        self._lock = threading.RLock()
        stored = stored or {"keys": [_new_key() for _ in range(2)], "grants": []}
        self._pems = stored["keys"]
        self._keys = [_private(pem) for pem in self._pems]
        self._grants = {known["id"]: Grant(**known) for known in stored["grants"]}
        self._codes: dict[str, tuple[Code, float]] = {}  # each with when it was made

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        """Return the public keys: the first signs access tokens, the other stands for the ID tokens' key."""
        keys: list[dict[str, object]] = []
        for key in self._keys:
            public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            public.pop("key_ops", None)
            keys.append(public | {"alg": "RS256", "use": "sig", "kid": _kid(key)})
        return {"keys": keys}

    def grant(self, username: str, scopes: Sequence[str] = SCOPES) -> Tokens:
        """Return tokens as if somebody had signed in with a browser."""
        if username not in self._subjects:
            raise KeyError(username)
        with self._lock:
            return self._tokens(self._begin(username, scopes))

    def begin_code(self, **known: Unpack[Code]) -> str:
        code = str(uuid.UUID(bytes=secrets.token_bytes(16)))
        with self._lock:
            self._codes[code] = known, self.time()
        return code

    def exchange(self, *, code: str, redirect_uri: str, verifier: str | None) -> Tokens:
        """Return tokens for a code, which is spent by the attempt; raise Denied."""
        with self._lock:
            known, made_at = self._codes.pop(code, (None, 0.0))
            if known is None or self.time() > made_at + CODE_S:
                raise Denied("invalid_grant")
            if (redirect_uri, challenge_of(verifier)) != (known["redirect_uri"], known["challenge"]):
                raise Denied("invalid_grant")
            return self._tokens(self._begin(known["username"], known["scopes"]))

    def refresh(self, token: str, *, rotate: bool | None = None, grace_s: float | None = None) -> Tokens:
        """Return a fresh access token, and a new refresh token where tokens rotate; raise Denied."""
        with self._lock:
            grant = self._holder(token)
            if grant is None or not self._fresh(grant, token):
                raise Denied("invalid_grant")
            if not (self.rotate if rotate is None else rotate):
                return self._tokens(grant, renew=False)
            if grant.refresh[_digest(token)] is None:
                grace = self.grace_s if grace_s is None else grace_s
                grant.refresh[_digest(token)] = self.time() + grace
            return self._tokens(grant)

    def revoke(self, token: str) -> None:
        """End the grant of a refresh token; an unknown token is as good as revoked."""
        with self._lock:
            grant = self._holder(token)
            if grant is not None:
                grant.revoked = True
                self._saved()

    def claims(self, token: str) -> dict[str, Any] | None:
        """Return the claims of an access token that this pool signed and that has not expired."""
        options: Options = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._keys[0].public_key(), algorithms=["RS256"], issuer=self.issuer, options=options
            )
        except (jwt.PyJWTError, ValueError):
            return None
        return claims if claims.get("token_use") == "access" and claims["exp"] > self.time() else None

    def sign(self, claims: dict[str, object]) -> str:
        return jwt.encode(claims, self._keys[0], algorithm="RS256", headers={"kid": _kid(self._keys[0])})

    def reset(self) -> None:
        """Forget all grants; the keys stay."""
        with self._lock:
            self._grants.clear()
            self._codes.clear()

    def packed(self) -> Stored:
        with self._lock:
            alive = [asdict(grant) for grant in self._grants.values() if not grant.revoked]
            return {"keys": self._pems, "grants": alive}

    def _begin(self, username: str, scopes: Iterable[str]) -> Grant:
        grant = Grant(
            id=str(uuid.uuid4()), username=username, scopes=list(scopes), auth_time=int(self.time())
        )
        self._grants[grant.id] = grant
        return grant

    def _new_refresh(self, grant: Grant) -> str:
        # The grant's id leads the token, so that it is found without looking through all grants.
        token = f"{grant.id}.{secrets.token_urlsafe(48)}"
        now = self.time()
        grant.refresh = {digest: dies for digest, dies in grant.refresh.items() if dies is None or dies > now}
        grant.refresh[_digest(token)] = None
        self._saved()
        return token

    def _holder(self, token: str) -> Grant | None:
        grant = self._grants.get(token.partition(".")[0])
        return grant if grant is not None and _digest(token) in grant.refresh else None

    def _fresh(self, grant: Grant, token: str) -> bool:
        dies = grant.refresh[_digest(token)]
        alive = not grant.revoked and self.time() < grant.auth_time + REFRESH_S
        return alive and (dies is None or self.time() < dies)

    def _tokens(self, grant: Grant, *, renew: bool = True) -> Tokens:
        """Return an access token, and with `renew` a new refresh token."""
        now = int(self.time())
        claims: dict[str, object] = {
            "sub": self._subjects[grant.username], "iss": self.issuer, "version": 2,
            "client_id": self.client.client_id, "origin_jti": grant.id, "token_use": "access",
            "scope": " ".join(grant.scopes), "auth_time": grant.auth_time, "iat": now,
            "exp": now + self.access_token_s, "jti": str(uuid.uuid4()), "username": grant.username,
        }  # fmt: skip
        access = self.sign(claims)
        answer: Tokens = {"access_token": access, "token_type": "Bearer", "expires_in": self.access_token_s}
        return {**answer, "refresh_token": self._new_refresh(grant)} if renew else answer


def challenge_of(verifier: str | None) -> str | None:
    """Return the S256 challenge of a PKCE verifier."""
    return None if verifier is None else _short_digest(verifier)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the pool signs with RSA keys only")
    return key


def _kid(key: rsa.RSAPrivateKey) -> str:
    return _short_digest(str(key.public_key().public_numbers().n))


def _short_digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
