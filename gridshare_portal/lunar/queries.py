"""Questions about connections: whose they are, how they do, and what they allow."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from gridshare_portal.lunar import models, scopes

Status = models.Connection.Status
SECRETS = ("access_sealed", "refresh_sealed")


def connections_of(user: AbstractBaseUser) -> QuerySet[models.Connection]:
    """Return a user's connections, the working ones first; none of them loads a token."""
    mine = models.Connection.objects.filter(user_id=user.pk).defer(*SECRETS)
    return mine.order_by("status", "created_at")


def usable() -> QuerySet[models.Connection]:
    """Return the connections that Lunar still honors, as far as known."""
    return models.Connection.objects.filter(status=Status.ACTIVE).defer(*SECRETS)


def missing_scopes(connection: models.Connection) -> tuple[scopes.Scope, ...]:
    """Return what the homeowner has not allowed, in the order of asking."""
    return tuple(scope for scope in scopes.SCOPES if scope.id not in connection.scope_set)
