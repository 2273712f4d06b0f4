"""Revoke refresh tokens at Lunar: kept sealed in a queue of rows, tried for a day, then dropped.

The portal has deleted its own copy before; only the row holds the token, and a task gets the row's key.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from gridshare_portal import seal
from gridshare_portal.celery import wake
from gridshare_portal.lunar import models
from gridshare_portal.lunar.login import cognito, registration

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(hours=24)
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180, 360, 480)]


def add(*, refresh_token: str, now: datetime) -> None:
    """Queue a refresh token for revocation, and wake a worker once that is committed."""
    if not refresh_token:
        return
    with transaction.atomic():
        row = models.Revocation.objects.create(refresh_sealed="", due_at=now, created_at=now)
        row.refresh_sealed = seal.seal(refresh_token, row.context())
        row.save(update_fields=["refresh_sealed"])
        wake("lunar.tasks.revoke", row.pk)


def due(*, now: datetime, at_most: int = 50) -> list[int]:
    rows = models.Revocation.objects.filter(due_at__lte=now).order_by("due_at")
    return list(rows.values_list("pk", flat=True)[:at_most])


def carry_out(*, pk: int, now: datetime) -> bool:
    """Revoke one token if its row is due; return whether the row is done with."""
    row = models.Revocation.objects.filter(pk=pk, due_at__lte=now).first()
    if row is None or not _claim(row, now):
        return False
    try:
        cognito.revoke(registration.client(), refresh_token=seal.unseal(row.refresh_sealed, row.context()))
    except cognito.GrantEnded:
        pass
    except seal.SecretUnreadable as lost:
        return _failed(row, type(lost).__name__, now)
    except (cognito.Unavailable, cognito.ClientRefused) as failure:
        return _failed(row, str(failure), now)
    row.delete()
    return True


def _claim(row: models.Revocation, now: datetime) -> bool:
    pause = PAUSES[min(row.attempts, len(PAUSES) - 1)]
    mine = models.Revocation.objects.filter(pk=row.pk, due_at=row.due_at, attempts=row.attempts)
    return mine.update(due_at=now + pause, attempts=row.attempts + 1) == 1


def _failed(row: models.Revocation, reason: str, now: datetime) -> bool:
    if now - row.created_at < GIVE_UP_AFTER:
        models.Revocation.objects.filter(pk=row.pk).update(last_error=reason[:40])
        return False
    log.error("Lunar could not be told in a day that a token is over: %s", reason)
    row.delete()
    return True
