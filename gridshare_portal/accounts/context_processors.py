"""Which doors of the house a page shows to whoever looks at it."""

from __future__ import annotations

from django.http import HttpRequest


def doors(request: HttpRequest) -> dict[str, object]:
    """Name the doors that are open to this visitor."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {"doors": {"homeowner": signed_in, "admin": signed_in and user.is_staff}}
