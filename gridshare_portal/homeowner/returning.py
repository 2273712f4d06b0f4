"""Remember, through signing in and connecting, whom somebody had come to share a home with.

All ways lead to the first page, and it asks here. What is kept, in the session and not in any address, is the
organization's name in addresses and nothing else, so that nobody can be led anywhere but to its page.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse

KEY = "came_to_share_with"
KEPT = timedelta(hours=1)


def remember(request: HttpRequest, *, slug: str, now: datetime) -> None:
    """Keep whose page the visitor came from."""
    request.session[KEY] = {"slug": slug, "at": now.timestamp()}


def take(request: HttpRequest, *, now: datetime) -> str | None:
    """Return the page to go back to, once, and not after an hour."""
    kept = request.session.pop(KEY, None)
    if not kept or now.timestamp() - kept["at"] > KEPT.total_seconds():
        return None
    return reverse("homeowner:share_link", args=[kept["slug"]])
