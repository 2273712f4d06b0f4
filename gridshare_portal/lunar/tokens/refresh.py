"""A fresh access token for a connection, with one refresh at a time.

Whoever wins the lease refreshes; the version is the fence behind which a late answer is not
written. No lock is held while Lunar is asked, and a call ends long before its lease does.
Only an `invalid_grant` ends a connection; everything else leaves it, and the old token is
used until it expires.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from gridshare_portal import seal
from gridshare_portal.leases import rows as leases
from gridshare_portal.lunar import connections, models
from gridshare_portal.lunar.login import cognito, registration
from gridshare_portal.lunar.tokens import outages, revocations

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
SKEW = timedelta(seconds=15)
LONGEST_PAUSE_S = 30


class ReconnectRequired(Exception):
    """The homeowner has to connect again; nothing else helps."""


class Busy(Exception):
    """Somebody else is refreshing and has not come back in time."""


class Transient(Exception):
    """Lunar's login did not answer; it will some time."""


class Misconfigured(Exception):
    """Lunar refuses the portal itself; only the operator can help."""


class _Superseded(Exception):
    """Somebody renewed or ended the connection while Lunar was asked."""


def access_token(
    connection_pk: int, *, force: bool = False, stale: str | None = None, wait_s: float = 8.0
) -> str:
    """Return an access token that works, fetching a new one when the old one ends soon.

    `force` asks for a newer one than stands there now; `stale` for any but this one, which
    spares a second refresh where several calls were refused the same token.
    """
    deadline = time.monotonic() + wait_s
    connection = _active(connection_pk)
    refused = connection.version if _is_refused(connection, force, stale) else None
    while True:
        token = _found(connection, refused, now=timezone.now())
        if token is not None:
            return token
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(0.02 + random.random() * 0.08)
        connection = _active(connection_pk)


def _is_refused(connection: models.Connection, force: bool, stale: str | None) -> bool:
    if stale is not None:
        return connection.access_token() == stale
    return force


def _active(pk: int) -> models.Connection:
    connection = models.Connection.objects.filter(pk=pk).first()
    if connection is None or not connection.is_active:
        raise ReconnectRequired("gone" if connection is None else connection.status)
    return connection


def _found(connection: models.Connection, refused: int | None, *, now: datetime) -> str | None:
    expires_at = connection.access_expires_at
    usable = connection.version != refused and expires_at is not None and expires_at > now + SKEW
    due_at = connection.refresh_due_at
    if usable and due_at is not None and due_at > now:
        return connection.access_token()
    try:
        fresh = _refreshed(connection, now)
    except (Transient, Misconfigured):
        if not usable:
            raise
        fresh = None
    if fresh is None and usable:
        return connection.access_token()
    return fresh


def _refreshed(connection: models.Connection, now: datetime) -> str | None:
    if connection.retry_at is not None and connection.retry_at > now:
        raise Transient(connection.last_error)
    if not outages.admits(now=now):
        raise Misconfigured("paused")
    owner = uuid.uuid4().hex
    if not _lease(connection, owner, now):
        return None
    try:
        return _ask(connection, owner)
    except _Superseded:
        return None


def _lease(connection: models.Connection, owner: str, now: datetime) -> bool:
    free = leases.free(now=now)
    mine = models.Connection.objects.filter(free, pk=connection.pk, version=connection.version)
    held = mine.filter(status=models.Connection.Status.ACTIVE)
    return held.update(**leases.held(owner=owner, now=now, lasting=LEASE)) == 1


def _release(connection: models.Connection, owner: str, **fields: object) -> None:
    mine = models.Connection.objects.filter(pk=connection.pk, version=connection.version, lease_owner=owner)
    mine.update(**leases.released(), **fields)


def _ask(connection: models.Connection, owner: str) -> str:
    try:
        fresh = cognito.refresh(registration.client(), refresh_token=connection.refresh_token())
    except cognito.GrantEnded as end:
        return _ended(connection, owner, str(end))
    except cognito.ClientRefused as refusal:
        outages.begin(name=outages.CLIENT, reason=str(refusal), now=timezone.now())
        _release(connection, owner)
        raise Misconfigured(str(refusal)) from None
    except cognito.Unavailable as failure:
        _failed(connection, owner, str(failure))
        raise Transient(str(failure)) from None
    except seal.SecretUnreadable:
        log.error("no key in TOKEN_KEYS opens the tokens of connection %s", connection.pk)
        _release(connection, owner)
        raise
    return _kept(connection, owner, fresh)


def _kept(connection: models.Connection, owner: str, fresh: cognito.Tokens) -> str:
    now = timezone.now()
    expires_at, due_at = connections.times_of(fresh.expires_in_s, now)
    fields: dict[str, object] = {
        "access_sealed": seal.seal(fresh.access, connection.context("access")),
        "access_expires_at": expires_at,
        "refresh_due_at": due_at,
        "failures": 0,
        "retry_at": None,
        "last_error": "",
    }
    if fresh.refresh:
        fields["refresh_sealed"] = seal.seal(fresh.refresh, connection.context("refresh"))
    mine = models.Connection.objects.filter(pk=connection.pk, version=connection.version, lease_owner=owner)
    if not mine.update(version=F("version") + 1, **leases.released(), **fields):
        _drop(connection, fresh, now)
        raise _Superseded
    outages.end()
    return fresh.access


def _drop(connection: models.Connection, fresh: cognito.Tokens, now: datetime) -> None:
    """End a late answer at Lunar, unless a sibling of it is what the connection now lives on."""
    now_there = models.Connection.objects.filter(pk=connection.pk, status=models.Connection.Status.ACTIVE)
    if fresh.refresh and not now_there.filter(authorized_at=connection.authorized_at).exists():
        revocations.add(refresh_token=fresh.refresh, now=now)


def _ended(connection: models.Connection, owner: str, reason: str) -> str:
    now = timezone.now()
    if outages.too_many_ended(now=now):
        outages.begin(name=outages.GRANTS, reason=reason, now=now)
        _release(connection, owner)
        raise Misconfigured("too many connections ended at once")
    if connections.lose(connection=connection, lease_owner=owner, reason=reason, now=now):
        raise ReconnectRequired(reason)
    raise _Superseded


def _failed(connection: models.Connection, owner: str, reason: str) -> None:
    failures = connection.failures + 1
    pause_s = random.uniform(0, min(LONGEST_PAUSE_S, 2**failures)) if failures > 1 else 0
    retry_at = timezone.now() + timedelta(seconds=pause_s)
    _release(connection, owner, failures=failures, retry_at=retry_at, last_error=reason[:40])
