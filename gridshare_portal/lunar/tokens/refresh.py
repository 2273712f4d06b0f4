"""A valid access token for a connection, with one refresh at a time.

The caller that takes the lease refreshes; the version keeps a late answer from being written. No lock is held
during the call to Lunar, and a call ends before its lease does. Only an `invalid_grant` ends a connection;
after any other failure the old token is used until it expires.

A login that rotates refresh tokens may have replaced the old one although nobody kept its answer: the caller
was killed, or the answer was lost. So a refresh is written down before it is sent, and one that did not end
is repeated with the old token within seconds, which such a login honors for a minute at most.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from gridshare_portal import built, seal
from gridshare_portal.leases import rows as leases
from gridshare_portal.lunar import connections, models
from gridshare_portal.lunar.login import cognito, registration
from gridshare_portal.lunar.tokens import outages, revocations

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=8)  # a call ends within calls.DEADLINE_S
RECOVERED_WITHIN = timedelta(seconds=90)  # longer than any grace; later a caller refreshes when one needs it
SKEW = timedelta(seconds=15)
LONGEST_PAUSE_S = 30
WAIT_S = 8.0  # for another caller's refresh
_CONNECTION = built.Query(lambda: models.Connection.objects.filter(pk=built.Given("pk", BigIntegerField())))


class ReconnectRequired(Exception):
    """The homeowner has to connect again; nothing else helps."""


class Busy(Exception):
    """Another caller is refreshing and has not finished in time."""


class Transient(Exception):
    """Lunar's login did not answer; try again later."""


class Misconfigured(Exception):
    """Lunar refuses the portal itself; only the operator can help."""


class _Superseded(Exception):
    """The connection was renewed or ended during the call to Lunar."""


def access_token(connection_pk: int, *, stale: str | None = None, wait_s: float = WAIT_S) -> str:
    """Return a valid access token, refreshed when the old one ends soon.

    `stale` is a token that the API refused: any but this one is returned, so that parallel calls refused with
    the same token cost one refresh. Raises ReconnectRequired, Busy after `wait_s`, Transient, Misconfigured,
    or seal.SecretUnreadable.
    """
    deadline = time.monotonic() + wait_s
    connection = _active(connection_pk)
    is_refused = stale is not None and connection.access_token() == stale
    refused = connection.version if is_refused else None
    while True:
        token = _found(connection, refused, now=timezone.now())
        if token is not None:
            return token
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(0.02 + random.random() * 0.08)
        connection = _active(connection_pk)


def unfinished(*, now: datetime) -> list[int]:
    """Return the keys of connections of which a refresh was started and did not end, the oldest first."""
    retried = Q(retry_at=None) | Q(retry_at__lte=now)
    started = models.Connection.objects.filter(
        leases.free(now=now),
        retried,
        status=models.Connection.Status.ACTIVE,
        refresh_started_at__gt=now - RECOVERED_WITHIN,
    )
    return list(started.order_by("refresh_started_at").values_list("pk", flat=True))


def recover(*, connection_pk: int) -> None:
    """Finish a refresh that was started, unless another caller is at it or it fails again."""
    with suppress(ReconnectRequired, Busy, Transient, Misconfigured, seal.SecretUnreadable):
        access_token(connection_pk, wait_s=0)


def _active(pk: int) -> models.Connection:
    connection = _CONNECTION.first(pk=pk)
    if connection is None or not connection.is_active:
        raise ReconnectRequired("gone" if connection is None else connection.status)
    return connection


def _found(connection: models.Connection, refused: int | None, *, now: datetime) -> str | None:
    expires_at = connection.access_expires_at
    usable = connection.version != refused and expires_at is not None and expires_at > now + SKEW
    due_at = connection.refresh_due_at
    is_unfinished = connection.refresh_started_at is not None
    if usable and due_at is not None and due_at > now and not is_unfinished:
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
    if connection.retry_at and connection.retry_at > now:
        raise Transient(connection.last_error)
    if not outages.admits(now=now):
        raise Misconfigured("paused")
    owner = uuid.uuid4().hex
    unchanged = models.Connection.objects.filter(pk=connection.pk, version=connection.version)
    free = unchanged.filter(leases.free(now=now), status=models.Connection.Status.ACTIVE)
    started_at = Coalesce("refresh_started_at", Value(now, models.Connection.refresh_started_at.field))
    if not free.update(**leases.held(owner=owner, now=now, lasting=LEASE), refresh_started_at=started_at):
        return None
    try:
        return _refresh(connection, owner)
    except _Superseded:
        return None


def _release(connection: models.Connection, owner: str, **fields: object) -> bool:
    mine = models.Connection.objects.filter(pk=connection.pk, version=connection.version, lease_owner=owner)
    return mine.update(**leases.released(), **fields) == 1


def _refresh(connection: models.Connection, owner: str) -> str:
    try:
        fresh = cognito.refresh(registration.client(), refresh_token=connection.refresh_token())
    except cognito.GrantEnded as end:
        return _ended(connection, owner, str(end))
    except cognito.ClientRefused as refusal:
        outages.begin(name=outages.CLIENT, reason=str(refusal), now=timezone.now())
        _release(connection, owner, refresh_started_at=None)
        raise Misconfigured(str(refusal)) from None
    except cognito.Unavailable as failure:
        failures = connection.failures + 1
        pause_s = random.uniform(0, min(LONGEST_PAUSE_S, 2**failures)) if failures > 1 else 0
        retry_at = timezone.now() + timedelta(seconds=pause_s)
        _release(connection, owner, failures=failures, retry_at=retry_at, last_error=str(failure)[:40])
        raise Transient(str(failure)) from None
    except seal.SecretUnreadable:
        log.error("no key in TOKEN_KEYS opens the tokens of connection %s", connection.pk)
        _release(connection, owner, refresh_started_at=None)
        raise
    return _kept(connection, owner, fresh)


def _kept(connection: models.Connection, owner: str, fresh: cognito.Tokens) -> str:
    now = timezone.now()
    expires_at, due_at = connections.times_of(fresh.expires_in_s, now)
    fields: dict[str, object] = {
        "access_sealed": seal.seal(fresh.access, connection.context("access")),
        "access_expires_at": expires_at,
        "refresh_due_at": due_at,
        "refresh_started_at": None,
        "refreshed_at": now,
        "failures": 0,
        "retry_at": None,
        "last_error": "",
    }
    if fresh.refresh:
        fields["refresh_sealed"] = seal.seal(fresh.refresh, connection.context("refresh"))
    if not _release(connection, owner, version=F("version") + 1, **fields):
        _drop(connection, fresh, now)
        raise _Superseded
    outages.end()
    return fresh.access


def _drop(connection: models.Connection, fresh: cognito.Tokens, now: datetime) -> None:
    """Revoke a late answer, unless the connection now uses a token of the same grant."""
    now_there = models.Connection.objects.filter(pk=connection.pk, status=models.Connection.Status.ACTIVE)
    if fresh.refresh and not now_there.filter(authorized_at=connection.authorized_at).exists():
        revocations.add(refresh_token=fresh.refresh, now=now)


def _ended(connection: models.Connection, owner: str, reason: str) -> str:
    now = timezone.now()
    if outages.too_many_ended(now=now):
        outages.begin(name=outages.GRANTS, reason=reason, now=now)
        _release(connection, owner, refresh_started_at=None)
        raise Misconfigured("too many connections ended at once")
    if connections.lose(connection=connection, lease_owner=owner, reason=reason, now=now):
        raise ReconnectRequired(reason)
    raise _Superseded
