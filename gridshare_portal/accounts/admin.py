"""People in the admin. No password, no token and no second factor is shown there."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gridshare_portal.accounts import models, sessions

admin.site.login = secure_admin_login(admin.site.login)
admin.site.unregister(Authenticator)


@admin.register(models.User)
class User(admin.ModelAdmin):
    """A person: who it is, and what staff may do."""

    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "date_joined", "last_login")
    readonly_fields = ("date_joined", "last_login")
    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ("groups",)
    actions = ("sign_out_everywhere",)

    @admin.action(description="Sign out of every browser")
    def sign_out_everywhere(self, request: HttpRequest, users: QuerySet[models.User]) -> None:
        """End every session of the chosen people."""
        for user in users:
            self.message_user(request, f"{user.email}: {sessions.end_all(user)} signed out.")
