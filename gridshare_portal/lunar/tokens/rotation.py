"""Seal every stored token again, with the first key, while the portal runs.

A row is written only if it was not written meanwhile; a refresh in flight is neither stopped nor overwritten,
because the version stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model, QuerySet

from gridshare_portal import seal
from gridshare_portal.lunar import models

TRIES = 5


@dataclass(frozen=True, kw_only=True)
class RotationCounts:
    """How many rows were sealed again, and how many no key opens."""

    rotated: int
    unreadable: int


def rotate_all() -> RotationCounts:
    rotated = unreadable = 0
    both, refresh = ("access_sealed", "refresh_sealed"), ("refresh_sealed",)
    tables: tuple[tuple[QuerySet[Model], tuple[str, ...]], ...] = (
        (models.Connection.objects.all(), both),
        (models.Pending.objects.all(), both),
        (models.Revocation.objects.all(), refresh),
    )
    for rows, names in tables:
        for pk in rows.values_list("pk", flat=True):
            try:
                rotated += _rotate(rows, pk, names)
            except seal.SecretUnreadable:
                unreadable += 1
    return RotationCounts(rotated=rotated, unreadable=unreadable)


def _rotate(rows: QuerySet[Model], pk: int, names: tuple[str, ...]) -> bool:
    for _ in range(TRIES):
        before = rows.filter(pk=pk).values(*names).first() or {}
        sealed = {name: value for name, value in before.items() if value}
        if not sealed:
            return False
        after = {name: seal.rotate(value) for name, value in sealed.items()}
        if rows.filter(pk=pk, **sealed).update(**after):
            return True
    return False
