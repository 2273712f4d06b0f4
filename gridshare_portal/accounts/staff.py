"""Who is staff of which organization: a member whose second factor stands.

Whoever has no passkey and no authenticator app sees nothing of anybody's, however invited.
"""

from __future__ import annotations

from typing import Any, TypeVar

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from gridshare_portal.accounts import models

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

Members = TypeVar("Members", bound="QuerySet[Any]")  # memberships, however they were narrowed


def memberships_of(user: models.AnyUser) -> QuerySet[models.Membership]:
    """Return where this person works, whether or not a second factor stands."""
    if not (user.is_authenticated and user.is_active and getattr(user, "works", True)):
        return models.Membership.objects.none()
    mine = models.Membership.objects.filter(user=user.pk).select_related("organization")
    return mine.order_by("organization__name", "pk")


def standing_of(user: models.AnyUser) -> QuerySet[models.Membership]:
    """Return the memberships that let this person in: none without a second factor."""
    return memberships_of(user).filter(has_strong_factor("user"))


def marked_standing(members: Members) -> Members:
    """Mark each membership with `stands`: whether a second factor of its person does."""
    marked: Members = members.annotate(stands=has_strong_factor("user"))
    return marked


def has_strong_factor(path: str) -> Exists:
    """Return the condition that the person at `path` has a passkey or an authenticator app."""
    return Exists(Authenticator.objects.filter(user=OuterRef(path), type__in=STRONG))
