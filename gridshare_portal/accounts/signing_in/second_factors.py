"""The secrets of second factors: sealed for one row of one person, and sealed again after a new key.

allauth seals a secret before it knows its row, and opens it without saying which row it came from. So a
secret is bound when the row is saved, and opened only for the one row that holds it: copied or moved to
another person's row it opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q

from gridshare_portal import seal

UNBOUND = "second factor"  # as allauth hands a secret over, until its row is saved
SECRETS = ("secret", "seed")


@dataclass(frozen=True, kw_only=True)
class ResealCounts:
    """How many factors were sealed again, and how many no key opens."""

    rotated: int
    unreadable: int


def context(user_id: int, kind: str) -> str:
    """Return what binds a sealed secret to its row: the person, who has one factor of a kind."""
    return f"second factor {kind} of {user_id}"


def bind(factor: Authenticator) -> None:
    """Seal the secrets that are not bound yet for this factor's row; they are saved by the caller."""
    for name in _secrets_of(factor):
        try:
            secret = seal.unseal(factor.data[name], UNBOUND)
        except seal.SecretUnreadable:
            continue  # bound already, here or elsewhere: opening tells
        factor.data[name] = seal.seal(secret, context(factor.user_id, factor.type))


def opened(sealed: str) -> str:
    """Return the secret of the one row that holds it; raise SecretUnreadable if it is bound to another."""
    holding = Authenticator.objects.filter(Q(data__secret=sealed) | Q(data__seed=sealed))
    rows = list(holding.exclude(type=Authenticator.Type.WEBAUTHN).values_list("user_id", "type")[:2])
    if len(rows) > 1:
        raise seal.SecretUnreadable("the same secret lies in two rows")
    return seal.unseal(sealed, context(*rows[0]) if rows else UNBOUND)


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
    for name in _secrets_of(factor):
        factor.data[name] = seal.rotate(factor.data[name])
    factor.save(update_fields=["data"])
    return True


def _secrets_of(factor: Authenticator) -> list[str]:
    return [name for name in SECRETS if isinstance(factor.data.get(name), str)]
