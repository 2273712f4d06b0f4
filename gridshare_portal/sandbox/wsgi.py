"""The sandbox as one WSGI program, and `running`, which serves it on loopback for the length of a test."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from gridshare_portal.sandbox import switchboard
from gridshare_portal.sandbox.api import mishaps, operations, parsing
from gridshare_portal.sandbox.api.faults import Faults, Options, Taken
from gridshare_portal.sandbox.login import pages
from gridshare_portal.sandbox.login.browsers import Browsers
from gridshare_portal.sandbox.login.grants import Client, Pool
from gridshare_portal.sandbox.login.grants import Stored as StoredPool
from gridshare_portal.sandbox.login.pool import Login
from gridshare_portal.sandbox.serving import Dropped, Server
from gridshare_portal.sandbox.simulation import statefile
from gridshare_portal.sandbox.simulation.clock import Clock
from gridshare_portal.sandbox.simulation.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REDIRECT_URIS = (
    "http://localhost:8000/accounts/lunar/login/callback/",
    "http://127.0.0.1:8000/accounts/lunar/login/callback/",
)
_LOGIN_URLS = [
    Rule("/oauth2/authorize", methods=["GET"], endpoint="oauthAuthorize"),
    Rule("/login", methods=["POST"], endpoint="login"),
    Rule("/oauth2/token", methods=["POST"], endpoint="oauthToken"),
    Rule("/oauth2/revoke", methods=["POST"], endpoint="oauthRevoke"),
    Rule("/oauth2/userInfo", methods=["GET"], endpoint="oauthUserInfo"),
    Rule("/logout", methods=["GET"], endpoint="logout"),
    Rule("/pool/.well-known/jwks.json", methods=["GET"], endpoint="jwks"),
    Rule("/", methods=["GET"], endpoint="front"),
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    homes: int = 6
    dialect: str = "published"
    latency_ms: float = 0
    seed: int = 1
    now: datetime | None = None
    ticking: bool = False
    faults: bool = False
    state_file: str | os.PathLike[str] | None = None
    client_id: str = "demo"
    client_secret: str = "demo-secret"  # noqa: S105 (a pretended client's pretended secret)
    redirect_uris: Iterable[str] = REDIRECT_URIS
    access_token_s: int = 3600
    rotate: bool = False
    grace_s: float = 60
    remember_sign_in: bool = False


class Sandbox:
    """One sandbox: its world, its pool, its clock, its faults, and the WSGI program that joins them."""

    def __init__(self, settings: Settings, *, origin: str) -> None:
        if settings.dialect not in ("published", "live"):
            raise ValueError(f"there is no dialect {settings.dialect}")
        self._settings, self._file = settings, Path(settings.state_file) if settings.state_file else None
        stored = statefile.read(self._file) if self._file else {}
        self.url, self.issuer = origin, f"{origin}/pool"
        self.client_id, self.client_secret = settings.client_id, settings.client_secret
        self.clock = Clock(settings.now, ticking=settings.ticking or settings.now is None)
        self.faults = Faults()
        self.world = World(
            homes_count=settings.homes, seed=settings.seed, clock=self.clock, stored=stored.get("world")
        )
        self.pool = self._new_pool(stored.get("pool"))
        self.api = operations.Api(self.world, self.pool, dialect=settings.dialect, saved=self.save)
        # Tests move pool.time.
        self._browsers = Browsers(remember=settings.remember_sign_in, time=lambda: self.pool.time())
        self._login = Login(self.pool, self.world.customers, self._browsers)
        self._switchboard = switchboard.Switchboard(self.world, self.faults, self.clock)
        self._api_urls = operations.urls(settings.dialect)
        self._login_urls = Map([rule.empty() for rule in _LOGIN_URLS])
        self.save()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except Dropped:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            broken = parsing.Refusal(500, "InternalError", "the sandbox itself is broken")
            response = operations.refused(broken)
        return response(environ, start_response)

    def calls(self, operation: str) -> int:
        return self.faults.calls()[operation]

    def allow_redirect(self, uri: str) -> None:
        self.pool.client.redirect_uris.append(uri)

    def reset(self) -> None:
        """Become as new: no fault, call or grant, nobody signed in, no device changed, the first clock."""
        self.faults.clear()
        self.faults.forget_calls()
        self.pool.reset()
        self._browsers.forget_all()
        self.clock.reset()
        self.world.reset()
        self.save()

    def save(self) -> None:
        """Write what a restart has to know."""
        if self._file is not None:
            statefile.write(self._file, {"world": self.world.packed(), "pool": self.pool.packed()})

    def _new_pool(self, stored: StoredPool | None) -> Pool:
        settings = self._settings
        client = Client(settings.client_id, settings.client_secret, list(settings.redirect_uris))
        return Pool(
            issuer=self.issuer, client=client, subjects={c.username: c.sub for c in self.world.customers},
            access_token_s=settings.access_token_s, rotate=settings.rotate, grace_s=settings.grace_s,
            stored=stored, saved=self.save,
        )  # fmt: skip

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_sandbox/") and self._settings.faults:
            return self._switchboard.handle(request)
        if request.path.startswith("/api"):
            return self._api_answer(request)
        try:
            name, _ = self._login_urls.bind_to_environ(request.environ).match()
        except HTTPException as problem:
            return problem.get_response()
        return self._with_faults(name, request, lambda taken: self._login_answer(name, request, taken.calls))

    def _api_answer(self, request: Request) -> Response:
        try:
            operation, quoted = self._api_urls.bind_to_environ(request.environ).match(_path(request))
        except MethodNotAllowed as problem:
            response = operations.refused(parsing.Refusal(405, "MethodNotAllowed", "no such method here"))
            response.headers["Allow"] = ", ".join(sorted(set(problem.valid_methods or ()) - {"HEAD"}))
            return response
        except HTTPException:
            return operations.gateway_refusal()
        ids = {name: unquote(value) for name, value in quoted.items()}
        return self._with_faults(
            operation,
            request,
            lambda taken: self.api.handle(
                operation,
                request,
                ids,
                stale=int("stale_read" in taken.calls),
                late_s=taken.calls.get("late_read", {}).get("late_s", 0.0),
                misread=taken.readings,
            ),
        )

    def _with_faults(
        self, operation: str, request: Request, carry_out: Callable[[Taken], Response]
    ) -> Response:
        taken = self.faults.take(operation, request_id=request.headers.get("X-Request-ID", ""))
        faults = taken.calls
        if self._settings.latency_ms:
            faults.setdefault("latency", {"ms": self._settings.latency_ms})
        if operation == "oauthToken" and faults.pop("token_revoked", None) is not None:
            self.pool.revoke(request.form.get("refresh_token", ""))
        response = mishaps.before(request, faults) or carry_out(taken)
        return mishaps.after(request, response, faults)

    def _login_answer(self, name: str, request: Request, faults: dict[str, Options]) -> Response:
        actions: dict[str, Callable[[Request], Response]] = {
            "front": lambda _request: pages.front(self.world.customers),
            "oauthToken": lambda request: self._login.token(request, faults),
            "oauthAuthorize": self._login.authorize,
            "login": self._login.login,
            "oauthRevoke": self._login.revoke,
            "oauthUserInfo": self._login.user_info,
            "logout": self._login.logout,
            "jwks": self._login.jwks,
        }
        return actions[name](request)


def _path(request: Request) -> str:
    """Return the path as it was sent, so that an id's own slash, which is quoted, begins no segment."""
    return str(request.environ.get("REQUEST_URI", request.path)).partition("?")[0]


def served(settings: Settings, *, host: str, port: int) -> tuple[Server, Sandbox]:
    """Return a listening server (it does not serve yet) and the sandbox behind it."""
    server = Server(host, port)
    name = f"[{host}]" if ":" in host else host
    sandbox = Sandbox(settings, origin=f"http://{name}:{server.port}")
    server.app = sandbox
    return server, sandbox


@contextmanager
def running(*, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Iterator[Sandbox]:
    """Serve a sandbox on a port of its own while the block runs; the options are those of `Settings`."""
    server, sandbox = served(Settings(**options), host=host, port=port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sandbox
    finally:
        server.stop()
        thread.join(timeout=5)
