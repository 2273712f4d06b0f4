"""People and organizations in Django's admin. No password, token, second factor or session key is shown.

Membership changes go through the same actions as the organization's pages, so that they are recorded and no
organization loses its last admin. What opens an account or gives rights is written by superusers alone: codes
to sign in are sent to an e-mail address, so that whoever may write one may sign in as anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import details, invitations, members
from gridshare_portal.accounts.signing_in import sessions
from gridshare_portal.admin import LookOnly, Shown, SuperusersOnly, is_superuser

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign] # as allauth says to
for theirs in (Authenticator, EmailAddress, Group, UserSession):
    admin.site.unregister(theirs)


@admin.register(models.User)
class User(Shown):
    """People; what makes an operator or opens an account is written by superusers, and so are operators."""

    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "date_joined", "last_login")
    readonly_fields = ("date_joined", "last_login")
    rights = ("is_staff", "is_superuser", "groups")
    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ("groups",)
    actions = ("sign_out_everywhere",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.User | None = None) -> tuple[str, ...]:
        """Leave rights, and the address of somebody who is there, to superusers."""
        if is_superuser(request):
            return self.readonly_fields
        return (*self.readonly_fields, *self.rights, *(["email"] if obj else []))

    def has_change_permission(self, request: HttpRequest, obj: models.User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_below(request, obj)

    @admin.action(description="Sign out of every browser", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, users: QuerySet[models.User]) -> None:
        for user in users:
            if self.has_change_permission(request, user):
                self.message_user(request, f"{user.email}: {sessions.end_all(user)} signed out.")
            else:
                self.message_user(request, f"{user.email}: only a superuser may do this.", messages.ERROR)

    @staticmethod
    def _is_below(request: HttpRequest, obj: models.User | None) -> bool:
        return obj is None or is_superuser(request) or not (obj.is_staff or obj.is_superuser)


@admin.register(Group)
class Groups(SuperusersOnly, GroupAdmin):
    fields = ("name", "permissions")


@admin.register(EmailAddress)
class Addresses(SuperusersOnly, EmailAddressAdmin):
    """Addresses to sign in with; their action needs the right to change them, too."""

    fields = ("user", "email", "verified", "primary")

    @admin.action(description="Mark as verified", permissions=["change"])
    def make_verified(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> None:
        super().make_verified(request, queryset)


@admin.register(UserSession)
class Sessions(LookOnly):
    """Where people are signed in, without the keys of their sessions."""

    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_display = fields
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")


class OrganizationForm(forms.ModelForm):
    """An organization and an admin to invite; a new organization needs one."""

    invite = forms.EmailField(
        label="Invite as admin", required=False, help_text="The address gets a letter that works once."
    )

    class Meta:
        model = models.Organization
        fields = ("kind", "name", "about", "is_listed")

    def clean_name(self) -> str:
        return _checked(details.checked_name, self.cleaned_data["name"])

    def clean_about(self) -> str:
        return _checked(details.checked_about, self.cleaned_data["about"])

    def clean_invite(self) -> str:
        invited: str = self.cleaned_data["invite"]
        if not self.instance.pk and not invited:
            raise forms.ValidationError("Name the first admin: somebody must invite the others.")
        return invited


@admin.register(models.Organization)
class Organization(Shown):
    form = OrganizationForm
    fields = ("kind", "name", "slug", "about", "is_listed", "invite", "created_at")
    list_display = ("name", "kind", "slug", "is_listed", "created_at")
    list_filter = ("kind", "is_listed")
    search_fields = ("name", "slug")
    ordering = ("name",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Organization | None = None
    ) -> tuple[str, ...]:
        return ("slug", "created_at", "kind") if obj else ("slug", "created_at")

    def save_model(
        self, request: HttpRequest, obj: models.Organization, form: OrganizationForm, change: bool
    ) -> None:
        """Use the same actions as the organization's page and the command, which record it."""
        data, actor, now = form.cleaned_data, _operator(request), timezone.now()
        if not change:
            made = details.make(kind=data["kind"], name=data["name"], actor=actor, now=now)
            obj.pk, obj.slug, obj._state.adding = made.pk, made.slug, False
        described = {name: data[name] for name in ("name", "about", "is_listed")}
        held = details.describe(organization=obj, actor=actor, now=now, **described)
        if data["invite"]:
            _invite(request, held, data["invite"])


class _ActionsOnly(Shown):
    """Rows that are added and ended by actions alone, which record it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(models.Membership)
class Membership(_ActionsOnly):
    """Who works where; role and removal are actions, which refuse to remove the last admin."""

    fields = readonly_fields = ("user", "organization", "role", "created_at")
    list_display = fields
    list_filter = ("role", "organization__kind")
    search_fields = ("user__email", "user__name", "organization__name")
    list_select_related = ("user", "organization")
    actions = ("make_admin", "remove")

    @admin.action(description="Make admin", permissions=["change"])
    def make_admin(self, request: HttpRequest, chosen: QuerySet[models.Membership]) -> None:
        for one in chosen.select_related("user", "organization"):
            role, actor = models.Role.ADMIN, _operator(request)
            members.change_role(membership=one, role=role, actor=actor, now=timezone.now())
            self.message_user(request, f"{one} is admin.")

    @admin.action(description="Remove from the organization", permissions=["change"])
    def remove(self, request: HttpRequest, chosen: QuerySet[models.Membership]) -> None:
        for one in chosen.select_related("user", "organization"):
            with _refusals(request):
                members.remove(membership=one, actor=_operator(request), now=timezone.now())
                self.message_user(request, f"{one} is removed.")


@admin.register(models.Invitation)
class Invitation(_ActionsOnly):
    fields = readonly_fields = (
        *("organization", "email", "role", "invited_by"),
        *("made_at", "expires_at", "accepted_at", "withdrawn_at"),
    )
    list_display = ("email", "organization", "role", "made_at", "expires_at", "accepted_at", "withdrawn_at")
    list_select_related = ("organization",)
    search_fields = ("email", "organization__name")
    actions = ("withdraw",)

    @admin.action(description="Withdraw", permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[models.Invitation]) -> None:
        for one in chosen.select_related("organization"):
            with _refusals(request, f"{one}: "):
                invitations.withdraw(invitation=one, actor=_operator(request), now=timezone.now())
                self.message_user(request, f"{one}: withdrawn.")


@contextmanager
def _refusals(request: HttpRequest, prefix: str = "") -> Iterator[None]:
    try:
        yield
    except members.MemberRefused as refusal:
        messages.error(request, f"{prefix}{refusal}")


def _checked(check: Callable[[str], str], value: str) -> str:
    try:
        return check(value)
    except members.MemberRefused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


def _operator(request: HttpRequest) -> models.User:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def _invite(request: HttpRequest, organization: models.Organization, email: str) -> None:
    """Invite an admin; the e-mail is sent after the commit."""
    known = {"email": email, "role": models.Role.ADMIN}
    actor, now = _operator(request), timezone.now()
    with _refusals(request):
        made = invitations.invite(organization=organization, actor=actor, now=now, **known)
        transaction.on_commit(lambda: _send(request, made))


def _send(request: HttpRequest, made: invitations.Made) -> None:
    if invitations.send_or_withdraw(made, actor=_operator(request), now=timezone.now()):
        messages.success(request, f"{made.invitation.email} is invited.")
    else:
        messages.error(request, "The e-mail could not be sent, so nobody was invited. Try again in a minute.")
