"""Read-only admin pages of connections: no token, sealed or not, and nothing to change.

allauth's own pages for Lunar accounts, apps and tokens are removed: disconnecting must also revoke the tokens
at Lunar.
"""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin

from gridshare_portal.admin import LookOnly
from gridshare_portal.lunar import models

for model in (SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


@admin.register(models.Connection)
class Connection(LookOnly):
    fields = (
        ("user", "username", "sub", "issuer")
        + ("status", "status_since_at", "authorized_at", "scopes", "time_zone")
        + ("access_expires_at", "version", "lease_until_at", "failures", "retry_at", "last_error")
        + ("last_read_at", "owner_told_at", "created_at")
    )
    list_display = ("user", "username", "status", "status_since_at", "last_read_at", "last_error")
    list_filter = ("status",)
    search_fields = ("user__email", "username", "sub")


@admin.register(models.Revocation)
class Revocation(LookOnly):
    fields = list_display = ("created_at", "due_at", "attempts", "last_error")


@admin.register(models.Outage)
class Outage(LookOnly):
    fields = list_display = ("name", "reason", "since_at", "probe_at")
