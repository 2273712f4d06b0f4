"""Paths and public URLs of pages, named by their key in settings.PAGES.

Packages below the pages lead to them without importing them.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def path(page: str, *args: object) -> str:
    """Return the path of a page; KeyError when settings.PAGES has no such key."""
    return reverse(settings.PAGES[page], args=args)


def public(page: str, *args: object) -> str:
    """Return the absolute URL of a page, as an e-mail contains it."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path(page, *args)}"
