"""Where a page stands, for rooms below the pages: they name what it is for, and settings.PAGES says which.

So a letter can lead to a page without the room that writes it knowing the page's room.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def path(page: str, *args: object) -> str:
    """Return the path of a page of settings.PAGES; KeyError when there is none of that name."""
    return reverse(settings.PAGES[page], args=args)


def public(page: str, *args: object) -> str:
    """Return the whole address of a page, as it stands in a letter."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path(page, *args)}"
