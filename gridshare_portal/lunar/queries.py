"""Queries on connections."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from gridshare_portal.lunar import models, scopes


def connections_of(user: AbstractBaseUser) -> QuerySet[models.Connection]:
    """Return a user's connections, active ones first, without loading tokens."""
    mine = models.Connection.objects.filter(user_id=user.pk).defer("access_sealed", "refresh_sealed")
    return mine.order_by("status", "created_at")


def connected_of(user: AbstractBaseUser) -> QuerySet[models.Connection]:
    """Return a user's connections that were not disconnected: active ones, and those to be renewed."""
    return connections_of(user).exclude(status=models.Connection.Status.DISCONNECTED)


def newest_active(user: AbstractBaseUser | AnonymousUser) -> models.Connection | None:
    """Return the active connection that a user authorized last; None for a visitor who has none."""
    if not isinstance(user, AbstractBaseUser):
        return None
    return (
        connections_of(user).filter(status=models.Connection.Status.ACTIVE).order_by("-authorized_at").first()
    )


def missing_scopes(connection: models.Connection) -> tuple[scopes.Scope, ...]:
    """Return the scopes that the homeowner has not granted, in their order on pages."""
    return tuple(scope for scope in scopes.SCOPES if scope.id not in connection.scope_set)
