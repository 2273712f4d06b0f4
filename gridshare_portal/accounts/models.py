"""The people who sign in, and the organizations whose staff some of them are.

A person is identified by an e-mail address in lower case, so that case never makes two accounts. Most sign in
by an e-mailed code or a passkey; passwords are rare. One person may be homeowner and staff, also of several
organizations.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class Users(BaseUserManager["User"]):
    """Creates users and finds them by e-mail address, ignoring case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; without a password only a code or a passkey signs in."""
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField("e-mail", unique=True, error_messages={"unique": "This address is taken."})
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField("may open the admin", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    sign_outs = models.PositiveIntegerField("times signed out everywhere", default=0, editable=False)
    role_changes = models.PositiveIntegerField(
        "times a role was changed", default=0, db_default=0, editable=False
    )

    objects = Users()

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_address")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def get_session_auth_hash(self) -> str:
        """Return the hash that sessions must hold; it changes with each sign-out everywhere."""
        return self._counted(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the hashes of sessions that began under an earlier SECRET_KEY."""
        yield from map(self._counted, super().get_session_auth_fallback_hash())

    def _counted(self, held: str) -> str:
        return f"{held}.{self.sign_outs}" if self.sign_outs else held

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


AnyUser: TypeAlias = User | AnonymousUser  # as `request.user` may be, before somebody signed in


class Organization(models.Model):
    """A company whose staff help homeowners: an installer, or a retailer."""

    class Kind(models.TextChoices):
        INSTALLER = "installer", "Installer"
        RETAILER = "retailer", "Retailer"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=80)
    slug = models.SlugField("name in addresses", max_length=60, unique=True)
    about = models.CharField("what it does, for homeowners", max_length=300, blank=True, default="")
    is_listed = models.BooleanField("homeowners find it by its name", default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """The role of a member; rights.py has the table."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)
    has_second_factor: bool  # as annotated by staff.annotate_second_factor

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="accounts_one_membership")
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.organization}"


class Invitation(models.Model):
    """An e-mailed invitation to become a member, once; only a digest of its secret is stored."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    ended: str  # how, in words, as set by the organization's page

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"

    def is_open(self, *, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at


class CacheEntry(models.Model):
    """The table of Django's database cache: used codes, and limits on sign-in while Redis is away."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "portal_cache"

    def __str__(self) -> str:
        return f"an entry until {self.expires}"
