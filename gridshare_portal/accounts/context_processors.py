"""The areas of the portal that a page links to, and the membership it is viewed by."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gridshare_portal.accounts import entry as staff_doors
from gridshare_portal.accounts import models


def doors(request: HttpRequest) -> dict[str, object]:
    """Return what the navigation shows; memberships are fetched only by pages that show them."""
    user: models.AnyUser | None = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    works = SimpleLazyObject(lambda: staff_doors.memberships(request) if signed_in else [])
    acting = getattr(request, "membership", None)
    return {
        "doors": {
            "homeowner": signed_in,
            "admin": user is not None and user.is_staff,
            "organizations": works,
            "acting": acting,
        }
    }
