"""Seal the secrets of second factors with the portal's own keys.

The first of TOKEN_KEYS seals, all of them open. A lost key raises and never hands out
what is stored in place of the secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction


class SecretUnreadable(Exception):
    """No key of ours opens this secret: the operator has lost one."""


def seal(value: str) -> str:
    """Return the value as only our keys can read it."""
    return _box().encrypt(value.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as failure:
        raise SecretUnreadable("a second factor is sealed with a key that is not in TOKEN_KEYS") from failure


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
        except SecretUnreadable:
            unreadable += 1
    return ResealCounts(rotated=rotated, unreadable=unreadable)


@transaction.atomic
def _rotate(pk: int) -> bool:
    factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if factor is None:
        return False
    for name in ("secret", "seed"):
        if name in factor.data:
            factor.data[name] = seal(unseal(factor.data[name]))
    factor.save(update_fields=["data"])
    return True


def _box() -> MultiFernet:
    return _box_of(tuple(settings.TOKEN_KEYS))


@lru_cache(maxsize=4)
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
