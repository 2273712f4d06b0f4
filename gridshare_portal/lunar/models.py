"""What is stored about a homeowner's Lunar account; every token in it is sealed.

Connection is the homeowner's permission. Pending holds tokens from Lunar's answer until it is proved whose
they are. Revocation is the queue of tokens to be revoked at Lunar, and Outage says that Lunar refuses the
portal itself.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import models

from gridshare_portal import seal


class Connection(models.Model):
    """One Lunar account, with the scopes that its homeowner granted."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        RECONNECT = "reconnect", "ended by Lunar"
        DISCONNECTED = "disconnected", "ended by the homeowner"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connections")
    account = models.OneToOneField(
        SocialAccount, null=True, on_delete=models.SET_NULL, related_name="connection"
    )
    issuer = models.CharField(max_length=200)
    sub = models.CharField(max_length=191)
    username = models.CharField(max_length=200, blank=True)
    scopes = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    status_since_at = models.DateTimeField()
    authorized_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64, blank=True)
    access_sealed = models.TextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_sealed = models.TextField(blank=True)
    refresh_due_at = models.DateTimeField(null=True)
    refresh_started_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True, db_index=True)
    version = models.PositiveBigIntegerField(default=0)
    lease_owner = models.CharField(max_length=32, blank=True)
    lease_until_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=40, blank=True)
    last_read_at = models.DateTimeField(null=True)
    owner_told_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    reads_from_at: datetime | None = None  # of one home, as sites.clients.connection_for sets

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "issuer", "sub"], name="one_connection_per_account")
        ]
        indexes = [
            models.Index(fields=["status", "status_since_at"], name="connection_by_status"),
            models.Index(
                fields=["refresh_started_at"],
                condition=models.Q(refresh_started_at__isnull=False),
                name="connection_unfinished_refresh",
            ),
        ]

    def __str__(self) -> str:
        return f"Lunar account of {self.username or self.sub}"

    def __repr__(self) -> str:
        return f"<Connection {self.pk} {self.status}>"

    @property
    def scope_set(self) -> frozenset[str]:
        return frozenset(self.scopes.split())

    @property
    def is_active(self) -> bool:
        """Whether Lunar still accepts the tokens, as far as known."""
        return self.status == self.Status.ACTIVE

    def context(self, kind: str) -> str:
        """Return the context that binds a sealed token to this row."""
        return f"connection:{self.pk}:{kind}"

    def access_token(self) -> str:
        return seal.unseal(self.access_sealed, self.context("access"))

    def refresh_token(self) -> str:
        return seal.unseal(self.refresh_sealed, self.context("refresh"))


def new_key() -> str:
    return secrets.token_urlsafe(32)


class Pending(models.Model):
    """Tokens that are not yet any user's; a session holds the key."""

    key = models.CharField(max_length=64, unique=True, default=new_key)
    access_sealed = models.TextField()
    refresh_sealed = models.TextField(blank=True)
    expires_in_s = models.PositiveIntegerField()
    issuer = models.CharField(max_length=200, blank=True)
    sub = models.CharField(max_length=191, blank=True)
    username = models.CharField(max_length=200, blank=True)
    scopes = models.TextField(blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tokens that wait since {self.created_at:%H:%M}"

    def context(self, kind: str) -> str:
        return f"pending:{self.key}:{kind}"


class Revocation(models.Model):
    """A refresh token to be revoked at Lunar; the row is the queue."""

    refresh_sealed = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField()
    last_error = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"token to be ended, due {self.due_at:%Y-%m-%d %H:%M}"

    def context(self) -> str:
        return f"revocation:{self.pk}"


class Outage(models.Model):
    """Lunar refuses the portal itself; no connection is at fault."""

    name = models.CharField(max_length=20, unique=True)
    reason = models.CharField(max_length=40)
    since_at = models.DateTimeField()
    probe_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"
