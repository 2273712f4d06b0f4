"""Browser sessions at the simulated login, kept by a cookie for an hour.

Off unless wanted: in the demo people change persons all the time, and the sign-in page must come.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

COOKIE = "cognito"
SESSION_S = 3600


class Browsers:
    """The sessions of all browsers. Safe to use from many threads."""

    def __init__(self, *, remember: bool, time: Callable[[], float]) -> None:
        self._remember, self._time = remember, time
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[str, float]] = {}  # by cookie: who, and until when

    def who(self, request: Request) -> str | None:
        with self._lock:
            username, ends_at = self._sessions.get(request.cookies.get(COOKIE, ""), (None, 0.0))
        return username if self._time() < ends_at else None

    def sign_in(self, response: Response, *, username: str) -> None:
        """Remember the browser that this answer goes to, if sessions are on."""
        if not self._remember:
            return
        name, ends_at = secrets.token_urlsafe(32), self._time() + SESSION_S
        with self._lock:
            self._sessions[name] = username, ends_at
        response.set_cookie(COOKIE, name, max_age=SESSION_S, httponly=True, samesite="Lax")

    def sign_out(self, request: Request, response: Response) -> None:
        with self._lock:
            self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        if COOKIE in request.cookies:
            response.delete_cookie(COOKIE, httponly=True, samesite="Lax")

    def forget_all(self) -> None:
        with self._lock:
            self._sessions.clear()
