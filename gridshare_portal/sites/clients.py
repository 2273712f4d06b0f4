"""Find the connection that reaches a home, and make an API client for it.

What can prevent that is one small tree, whatever lunar raises inside:

    AccessPathError
    ├── NoAccessPath  the homeowner must act: no connection (none), one that ended, a missing permission
    └── NotNow        try again later: busy, transient; or misconfigured, which only the operator can mend

Both pass through a client's calls unchanged. Calls to the API itself fail as GridshareError.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections as databases
from django.db.models import BigIntegerField

from gridshare_portal import built, seal
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types, wire
from gridshare_portal.gridshare.http import calls
from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar.tokens import refresh
from gridshare_portal.sites import models as sites

HOLD_S = 60.0
RENEWED_S = 10.0
MARK_EVERY = timedelta(minutes=1)
FIRST_PAUSE = timedelta(seconds=30)
_REACHING = built.Query(
    lambda: sites.ConnectionSite.objects.filter(
        site=built.Given("home", BigIntegerField()), lost_at=None
    ).select_related("connection")
)


class AccessPathError(Exception):
    """The home cannot be reached; `reason` is a word, the text a sentence."""

    sentences: dict[str, str] = {}

    def __init__(self, reason: str, *, scope: str = "") -> None:
        super().__init__(self.sentences[reason])
        self.reason = reason
        self.scope = scope


class NoAccessPath(AccessPathError):
    """Only the homeowner can give access again."""

    sentences = {
        "none": "No connected Lunar account reaches this home.",
        "ended": "The connection to Lunar has ended. Connect again to go on.",
        "missing_scope": "The connection to Lunar does not include this permission.",
    }


class NotNow(AccessPathError):
    """There is no access for the moment; nothing is lost by trying later."""

    sentences = {
        "busy": "The connection to Lunar is being renewed. Try again in a moment.",
        "transient": "Lunar's sign-in does not answer at the moment. Try again in a few minutes.",
        "misconfigured": "The portal cannot use its connection to Lunar. That is our fault, and we know.",
    }


FAILURES = (errors.GridshareError, AccessPathError)  # what a call may raise; any other is our own fault


def word_for(failure: Exception) -> str:
    """Return what failed as one word for a page to translate: "ended", "too_many_requests", else "fault"."""
    if isinstance(failure, AccessPathError):
        return failure.reason
    if isinstance(failure, errors.GridshareError):
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(failure).__name__).lower()
    return "fault"


def connection_for(site: sites.Site, *, scope: str) -> lunar.Connection:
    """Return the healthiest active connection that reaches the site and has the scope; raise NoAccessPath.

    Through it nothing is read from before the site's people lived there.
    """
    reaching = [connection_site.connection for connection_site in _REACHING.rows(home=site.pk)]
    active = [connection for connection in reaching if connection.status == "active"]
    if not active:
        raise NoAccessPath("ended" if reaching else "none", scope=scope)
    able = [connection for connection in active if scope in connection.scope_set]
    if not able:
        raise NoAccessPath("missing_scope", scope=scope)
    best = min(able, key=_health)
    best.reads_from_at = site.begun_at
    return best


def for_site(site: sites.Site, *, scope: str, listener: calls.Listener | None = None) -> gridshare.Client:
    """Return a client for the site through its best connection, with a valid token; raise AccessPathError.

    This may refresh the token over the network: never call it inside a transaction.
    """
    return for_connection(connection_for(site, scope=scope), listener=listener)


def for_connection(
    connection: lunar.Connection, *, listener: calls.Listener | None = None
) -> gridshare.Client:
    """Return a client for one connection, with a valid token; see for_site."""
    if connection.status != "active":
        raise NoAccessPath("ended")
    token = _Token(connection.pk)
    token()
    return gridshare.Client(
        settings.GRIDSHARE_URL,
        token,
        dialect=settings.GRIDSHARE_DIALECT,
        listener=listener,
        reads_from=connection.reads_from_at,
    )


def plan_words() -> types.PlanWords:
    """Return what the service can say of a plan, in the dialect that the portal speaks with it."""
    return wire.DIALECTS[settings.GRIDSHARE_DIALECT].plan_words


def pause_after(
    failures: Iterable[Exception], *, before: int, at_most: timedelta, retry_after_at_most: timedelta
) -> timedelta:
    """Return how long to wait after failures: longer the more came `before`, never less than the API says."""
    pause = min(at_most, FIRST_PAUSE * (1 << min(before, 12))) * random.uniform(0.8, 1.2)
    retry_after_s = max((getattr(failure, "retry_after_s", None) or 0.0 for failure in failures), default=0.0)
    return max(pause, min(timedelta(seconds=retry_after_s), retry_after_at_most))


def note_success(connection: lunar.Connection, *, now: datetime) -> None:
    """Record that the API answered through this connection, at most once a minute."""
    last = connection.last_read_at
    if last is None or now - last >= MARK_EVERY:
        connections.mark_read(connection.pk, now)
        connection.last_read_at = now


def _health(connection: lunar.Connection) -> tuple[int, float, int]:
    last = connection.last_read_at
    return (connection.failures, -last.timestamp() if last else 0.0, connection.pk)


class _Token:
    """A connection's access token, kept for a minute, so that parallel calls do not each query the database.

    Calls run in threads of their own. A refused token is renewed once for all of them, and no thread leaves a
    database connection open.
    """

    def __init__(self, connection_pk: int) -> None:
        self._pk = connection_pk
        self._home = threading.get_ident()
        self._lock = threading.Lock()
        self._value: str | None = None
        self._read_s = self._renewed_s = float("-inf")

    def __call__(self, force: bool = False) -> str:
        with self._lock:
            now_s = time.monotonic()
            renew = force and now_s - self._renewed_s > RENEWED_S
            if self._value is None or renew or now_s - self._read_s > HOLD_S:
                self._value = self._fetch(refused=self._value if renew else None)
                self._read_s = time.monotonic()
                self._renewed_s = self._read_s if renew else self._renewed_s
            return self._value

    def _fetch(self, *, refused: str | None) -> str:
        try:
            return refresh.access_token(self._pk, stale=refused)
        except refresh.ReconnectRequired as ended:
            raise NoAccessPath("ended") from ended
        except refresh.Busy as busy:
            raise NotNow("busy") from busy
        except (refresh.Misconfigured, seal.SecretUnreadable) as fault:
            raise NotNow("misconfigured") from fault
        except refresh.Transient as failure:
            raise NotNow("transient") from failure
        finally:
            if threading.get_ident() != self._home:
                databases.close_all()
