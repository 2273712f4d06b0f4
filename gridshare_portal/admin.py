"""What all of the operators' pages have in common: nobody finds by a filter what no page shows.

Django lets an address filter a list by any column of its table, so that a secret can be guessed letter by
letter. Here only what a page shows, or filters by itself, can be asked for.
"""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

KEYS = {"pk", "id"}


def is_superuser(request: HttpRequest) -> bool:
    """Return whether an operator may do everything, and so make others operators."""
    return request.user.is_authenticated and request.user.is_superuser


class Shown(admin.ModelAdmin):
    """Rows of which `fields` and `list_filter` say all that may be asked."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to filter by a column that is not shown."""
        known = {*KEYS, *(self.fields or ()), *self.list_filter}
        is_known = lookup in known or lookup.partition("__")[0] in known
        return is_known and super().lookup_allowed(lookup, value, request)


class LookOnly(Shown):
    """Rows that operators read and never write."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class SuperusersOnly(Shown):
    """Rows that open an account or give rights: only superusers write them, others read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_superuser(request)

    has_delete_permission = has_change_permission
