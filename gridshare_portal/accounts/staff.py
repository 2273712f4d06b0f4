"""Who is staff of which organization: a member with a second factor.

Without a passkey or an authenticator app a member sees nobody's data.
"""

from __future__ import annotations

from typing import Any, TypeVar

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from gridshare_portal.accounts import models, rights

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

Members = TypeVar("Members", bound="QuerySet[Any]")  # memberships, however they were narrowed


def memberships_of(user: models.AnyUser) -> QuerySet[models.Membership]:
    """Return a person's memberships, with or without a second factor."""
    if not (user.is_authenticated and user.is_active and getattr(user, "works", True)):
        return models.Membership.objects.none()
    mine = models.Membership.objects.filter(user=user.pk).select_related("organization")
    return mine.order_by("organization__name", "pk")


def active_memberships(user: models.AnyUser) -> QuerySet[models.Membership]:
    """Return the memberships that give access: none without a second factor."""
    return memberships_of(user).filter(has_strong_factor("user"))


def may(user: models.AnyUser, organization: models.Organization | int, right: rights.Right) -> bool:
    """Return whether the person has access to the organization now, in a role that includes the right."""
    member = active_memberships(user).filter(organization=organization).first()
    return member is not None and rights.may(member.role, right)


def annotate_second_factor(members: Members) -> Members:
    """Annotate each membership with `has_second_factor`."""
    marked: Members = members.annotate(has_second_factor=has_strong_factor("user"))
    return marked


def has_strong_factor(path: str) -> Exists:
    """Return the condition that the user at `path` has a passkey or an authenticator app."""
    return Exists(Authenticator.objects.filter(user=OuterRef(path), type__in=STRONG))
