"""Where the visitor works and by which membership a page is viewed, for the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gridshare_portal.accounts import entry


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the context of the navigation; memberships are fetched only by pages that show them."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    memberships = SimpleLazyObject(lambda: entry.memberships(request) if signed_in else [])
    return {"navigation": {"memberships": memberships, "acting": getattr(request, "membership", None)}}
