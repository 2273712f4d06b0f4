"""Who is staff of which organization: a member with a second factor.

Without a passkey or an authenticator app a member sees nobody's data.
"""

from __future__ import annotations

from typing import Any, TypeVar

from allauth.mfa.models import Authenticator
from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet

from gridshare_portal import built
from gridshare_portal.accounts import models, rights

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

Members = TypeVar("Members", bound="QuerySet[Any]")  # memberships, however they were narrowed


def memberships_of(user: models.AnyUser) -> QuerySet[models.Membership]:
    """Return a person's memberships, with or without a second factor."""
    return _of(user) if _may_work(user) else models.Membership.objects.none()


def read_memberships(user: models.AnyUser) -> list[models.Membership]:
    """Return the same, each with `has_second_factor`, in a query that is built once."""
    return _MARKED.rows(user=user.pk) if _may_work(user) else []


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


def _may_work(user: models.AnyUser) -> bool:
    return bool(user.is_authenticated and user.is_active and getattr(user, "works", True))


def _of(user: models.AnyUser) -> QuerySet[models.Membership]:
    mine = models.Membership.objects.filter(user=user.pk).select_related("organization")
    return mine.order_by("organization__name", "pk")


_ANYBODY = built.Given("user", BigIntegerField())
_MARKED = built.Query(lambda: annotate_second_factor(_of(models.User(pk=_ANYBODY))))


def has_strong_factor(path: str) -> Exists:
    """Return the condition that the user at `path` has a passkey or an authenticator app."""
    return Exists(Authenticator.objects.filter(user=OuterRef(path), type__in=STRONG))
