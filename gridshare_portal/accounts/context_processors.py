"""Which doors of the house a page shows to whoever looks at it, and in whose name the visitor acts there."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gridshare_portal.accounts import entry as staff_doors
from gridshare_portal.accounts import models


def doors(request: HttpRequest) -> dict[str, object]:
    """Name the doors that are open to this visitor, and the membership by which this page is seen, if any.

    Where the visitor works is asked for only by a page that shows it.
    """
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
