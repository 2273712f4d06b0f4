"""Tokens between Lunar's answer and the moment their owner is known.

They are sealed in a row of their own; session, allauth and browser only ever hold the row's random key. What
is not fetched within a quarter of an hour is revoked at Lunar and deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from gridshare_portal import seal
from gridshare_portal.lunar import models
from gridshare_portal.lunar.login import cognito, identity
from gridshare_portal.lunar.tokens import revocations

KEPT = timedelta(minutes=15)


class Gone(Exception):
    """These tokens were fetched already, or waited too long."""


def keep(*, tokens: cognito.Tokens, now: datetime) -> models.Pending:
    """Seal fresh tokens into a row and return it."""
    row = models.Pending(expires_in_s=tokens.expires_in_s, created_at=now)
    row.access_sealed = seal.seal(tokens.access, row.context("access"))
    if tokens.refresh:
        row.refresh_sealed = seal.seal(tokens.refresh, row.context("refresh"))
    row.save()
    return row


def name_owner(*, key: str, owner: identity.Identity) -> None:
    """Store whose Lunar account the tokens are for."""
    models.Pending.objects.filter(key=key).update(
        issuer=owner.issuer, sub=owner.sub, username=owner.username, scopes=owner.scopes
    )


def take(*, key: str, now: datetime) -> tuple[models.Pending, cognito.Tokens]:
    """Return pending tokens, once, inside the transaction that stores them; raise Gone."""
    pending = models.Pending.objects.filter(key=key, created_at__gt=now - KEPT).exclude(sub="").first()
    if pending is None:
        raise Gone
    tokens = _open(pending)
    if not models.Pending.objects.filter(pk=pending.pk).delete()[0]:
        raise Gone
    return pending, tokens


@transaction.atomic
def discard(*, key: str, now: datetime) -> None:
    """Delete pending tokens and revoke them at Lunar."""
    pending = models.Pending.objects.filter(key=key).first()
    if pending is None:
        return
    try:
        refresh_token = _open(pending).refresh
    except seal.SecretUnreadable:
        refresh_token = None
    if models.Pending.objects.filter(pk=pending.pk).delete()[0] and refresh_token:
        revocations.add(refresh_token=refresh_token, now=now)


def sweep(*, now: datetime) -> None:
    """Discard rows that waited too long."""
    late = models.Pending.objects.filter(created_at__lte=now - KEPT)
    for key in list(late.values_list("key", flat=True)[:200]):
        discard(key=key, now=now)


def _open(pending: models.Pending) -> cognito.Tokens:
    access = seal.unseal(pending.access_sealed, pending.context("access"))
    sealed = pending.refresh_sealed
    refresh = seal.unseal(sealed, pending.context("refresh")) if sealed else None
    return cognito.Tokens(access=access, refresh=refresh, expires_in_s=pending.expires_in_s)
