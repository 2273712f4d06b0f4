"""Tokens between Lunar's answer and the moment their owner is known.

They wait sealed in a row of their own; session, allauth and browser only ever hold the
row's random key. What nobody fetches within a quarter of an hour is ended at Lunar and
forgotten.
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
    """Write down whose Lunar account the tokens are for."""
    models.Pending.objects.filter(key=key).update(
        issuer=owner.issuer, sub=owner.sub, username=owner.username, scopes=owner.scopes
    )


def take(*, key: str, now: datetime) -> tuple[models.Pending, cognito.Tokens]:
    """Hand out waiting tokens, once; call it inside the transaction that stores them."""
    pending = models.Pending.objects.filter(key=key, created_at__gt=now - KEPT).exclude(sub="").first()
    if pending is None:
        raise Gone
    tokens = _open(pending)
    if not models.Pending.objects.filter(pk=pending.pk).delete()[0]:
        raise Gone
    return pending, tokens


@transaction.atomic
def discard(*, key: str, now: datetime) -> None:
    """Forget waiting tokens and end them at Lunar."""
    pending = models.Pending.objects.filter(key=key).first()
    if pending is None:
        return
    try:
        refresh_token = _open(pending).refresh
    except seal.SecretUnreadable:
        refresh_token = None
    if models.Pending.objects.filter(pk=pending.pk).delete()[0] and refresh_token:
        revocations.add(refresh_token=refresh_token, now=now)


def sweep(*, now: datetime) -> int:
    """Discard every row that waited too long; return how many."""
    late = models.Pending.objects.filter(created_at__lte=now - KEPT)
    keys = list(late.values_list("key", flat=True)[:200])
    for key in keys:
        discard(key=key, now=now)
    return len(keys)


def _open(pending: models.Pending) -> cognito.Tokens:
    refresh_token = None
    if pending.refresh_sealed:
        refresh_token = seal.unseal(pending.refresh_sealed, pending.context("refresh"))
    return cognito.Tokens(
        access=seal.unseal(pending.access_sealed, pending.context("access")),
        refresh=refresh_token,
        expires_in_s=pending.expires_in_s,
    )
