"""Seal the secrets of second factors again, after a new key was put first."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import transaction

from gridshare_portal import seal


@dataclass(frozen=True, kw_only=True)
class ResealCounts:
    """How many factors were sealed again, and how many no key opens."""

    rotated: int
    unreadable: int


def rotate_all() -> ResealCounts:
    """Seal every stored secret with the first key."""
    rotated = unreadable = 0
    factors = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
    for pk in factors.values_list("pk", flat=True):
        try:
            rotated += _rotate(pk)
        except seal.SecretUnreadable:
            unreadable += 1
    return ResealCounts(rotated=rotated, unreadable=unreadable)


@transaction.atomic
def _rotate(pk: int) -> bool:
    factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if factor is None:
        return False
    for name in factor.data.keys() & {"secret", "seed"}:
        factor.data[name] = seal.rotate(factor.data[name])
    factor.save(update_fields=["data"])
    return True
