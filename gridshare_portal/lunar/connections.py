"""Begin, renew and end a homeowner's connection; nothing else does.

Each action increments the row's version, so that a refresh in flight cannot overwrite it, and records an
event in the same transaction. Tokens that are replaced or no longer wanted are deleted at once and revoked at
Lunar afterwards.
"""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from gridshare_portal import seal
from gridshare_portal.audit import names, record
from gridshare_portal.celery import wake
from gridshare_portal.leases import rows as leases
from gridshare_portal.lunar import models, signals
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import outages, revocations
from gridshare_portal.lunar.tokens import pending as tokens_pending

PROVIDER = "lunar"
BEFORE_EXPIRY = timedelta(minutes=5)
Status = models.Connection.Status


class BelongsToAnother(Exception):
    """This Lunar account is connected to another user of the portal."""


def store(
    *, user: AbstractBaseUser, key: str, time_zone: str, now: datetime, may_narrow: bool = True
) -> models.Connection:
    """Store the pending tokens of this key as the user's connection; raise BelongsToAnother, or pending.Gone.

    A sign-in passes may_narrow=False: when the healthy connection has more permissions than the new tokens,
    it stays, and the new tokens are revoked.
    """
    try:
        connection = _store(user, key, time_zone, now, may_narrow)
    except BelongsToAnother:
        refuse(key=key, user=user, now=now)
        raise
    outages.end()
    return connection


@transaction.atomic
def _store(
    user: AbstractBaseUser, key: str, time_zone: str, now: datetime, may_narrow: bool
) -> models.Connection:
    pending, tokens = tokens_pending.take(key=key, now=now)
    account = _account_of(user, pending)
    connection, is_new = _row_of(user, pending, now)
    is_narrower = not set(pending.scopes.split()) >= connection.scope_set
    if not (is_new or may_narrow) and connection.is_active and is_narrower:
        _end_at_lunar(tokens.refresh, now)
        return connection
    _tie(connection, account)
    _renew(connection, pending, tokens, time_zone, now)
    name = names.Name.CONNECTED if is_new else names.Name.RECONNECTED
    record.add(name=name, at=now, actor=user, subject=user, details={"scopes": sorted(connection.scope_set)})
    signals.connected.send(models.Connection, connection=connection)
    return connection


def _account_of(user: AbstractBaseUser, pending: models.Pending) -> SocialAccount:
    defaults = {"user": user, "extra_data": {"username": pending.username}}
    uid = uid_of(issuer=pending.issuer, sub=pending.sub)
    account, _ = SocialAccount.objects.get_or_create(provider=PROVIDER, uid=uid, defaults=defaults)
    if account.user_id != user.pk:
        raise BelongsToAnother
    return account


def uid_of(*, issuer: str, sub: str) -> str:
    """Return the name of a Lunar account in allauth's rows: a subject means nothing without its issuer."""
    return f"{issuer} {sub}"


def belongs_to_another(*, uid: str, user: AbstractBaseUser) -> bool:
    """Return whether another user has connected this Lunar account."""
    return SocialAccount.objects.filter(provider=PROVIDER, uid=uid).exclude(user_id=user.pk).exists()


@transaction.atomic
def refuse(*, key: str, user: AbstractBaseUser, now: datetime) -> None:
    """Revoke tokens of another user's Lunar account, and record the attempt."""
    tokens_pending.discard(key=key, now=now)
    record.add(name=names.Name.CONNECTION_REFUSED, at=now, actor=user, subject=user)


@transaction.atomic
def disconnect(
    *, connection: models.Connection, actor: AbstractBaseUser | None, forget_readings: bool, now: datetime
) -> models.Connection:
    """Delete the tokens, revoke them at Lunar afterwards, and signal whether the readings go too."""
    row = models.Connection.objects.select_for_update().get(pk=connection.pk)
    _end_at_lunar(_readable_refresh(row), now)
    _forget_tokens(row)
    if row.status != Status.DISCONNECTED:
        row.status, row.status_since_at = Status.DISCONNECTED, now
    account, row.account = row.account, None
    row.save()
    if account is not None:
        account.delete()
    details = {"forget_readings": forget_readings}
    record.add(name=names.Name.DISCONNECTED, at=now, actor=actor, subject=row.user, details=details)
    signals.ended.send(models.Connection, connection=row, forget=forget_readings)
    return row


@transaction.atomic
def lose(*, connection: models.Connection, lease_owner: str, reason: str, now: datetime) -> bool:
    """Mark a connection as ended by Lunar, unless it was renewed meanwhile; return whether it was marked."""
    mine = models.Connection.objects.filter(
        pk=connection.pk, version=connection.version, lease_owner=lease_owner, status=Status.ACTIVE
    )
    fields = {"status": Status.RECONNECT, "status_since_at": now, "last_error": reason[:40]}
    emptied = {"access_sealed": "", "refresh_sealed": "", "refresh_started_at": None, **leases.released()}
    if not mine.update(version=F("version") + 1, owner_told_at=None, **fields, **emptied):
        return False
    row = models.Connection.objects.get(pk=connection.pk)
    record.add(name=names.Name.CONNECTION_ENDED, at=now, subject=row.user, details={"reason": reason[:40]})
    signals.ended.send(models.Connection, connection=row, forget=False)
    wake("lunar.tasks.tell_owner", row.pk)
    return True


@transaction.atomic
def record_before_delete(*, connection: models.Connection, now: datetime) -> None:
    """Revoke the tokens and signal the end of a row that is deleted with its user."""
    if connection.refresh_sealed:
        _end_at_lunar(_readable_refresh(connection), now)
        record.add(name=names.Name.DISCONNECTED, at=now, subject=connection.user, details={"deleted": True})
    signals.ended.send(models.Connection, connection=connection, forget=True)


def mark_read(connection_pk: int, now: datetime) -> None:
    models.Connection.objects.filter(pk=connection_pk).update(last_read_at=now)


def known_zone(name: str) -> str:
    """Return the name if it is a time zone, else ""."""
    return name if name in zoneinfo.available_timezones() else ""


def times_of(expires_in_s: int, now: datetime) -> tuple[datetime, datetime]:
    """Return when an access token expires, and when to refresh it, well before."""
    life = timedelta(seconds=expires_in_s)
    return now + life, now + max(life - BEFORE_EXPIRY, life / 2)


def _row_of(user: AbstractBaseUser, pending: models.Pending, now: datetime) -> tuple[models.Connection, bool]:
    row, is_new = models.Connection.objects.get_or_create(
        user_id=user.pk,
        issuer=pending.issuer,
        sub=pending.sub,
        defaults={"status_since_at": now, "authorized_at": now},
    )
    return models.Connection.objects.select_for_update().get(pk=row.pk), is_new


def _tie(row: models.Connection, account: SocialAccount) -> None:
    """Link the row to its Lunar account, which another issuer's row may have had before."""
    models.Connection.objects.filter(account=account).exclude(pk=row.pk).update(account=None)
    row.account = account


def _renew(
    row: models.Connection, pending: models.Pending, tokens: cognito.Tokens, time_zone: str, now: datetime
) -> None:
    _end_at_lunar(_readable_refresh(row), now)
    _forget_tokens(row)
    row.username, row.scopes = pending.username, pending.scopes
    row.status, row.status_since_at, row.authorized_at = Status.ACTIVE, now, now
    row.time_zone = known_zone(time_zone) or row.time_zone
    row.access_sealed = seal.seal(tokens.access, row.context("access"))
    row.access_expires_at, row.refresh_due_at = times_of(tokens.expires_in_s, now)
    if tokens.refresh:
        row.refresh_sealed = seal.seal(tokens.refresh, row.context("refresh"))
    row.save()


def _forget_tokens(row: models.Connection) -> None:
    row.access_sealed = row.refresh_sealed = row.lease_owner = row.last_error = ""
    row.access_expires_at = row.refresh_due_at = row.refresh_started_at = None
    row.lease_until_at = row.retry_at = row.owner_told_at = None
    row.failures = 0
    row.version += 1


def _readable_refresh(row: models.Connection) -> str | None:
    try:
        return row.refresh_token() if row.refresh_sealed else None
    except seal.SecretUnreadable:
        return None


def _end_at_lunar(refresh_token: str | None, now: datetime) -> None:
    if refresh_token:
        revocations.add(refresh_token=refresh_token, now=now)
