"""The portal's cookies: each is bound to this host by its name, and gone for scripts.

A browser keeps a cookie named `__Host-…` only if it came over https from this very host, so that no sibling
host can set or read it. Over plain http, which is for one's own machine alone, no browser takes that prefix.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse

YEAR_S: Final = 365 * 24 * 3600
THEMES: Final = ("light", "dark")


class _CookieMessages(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME


class Messages(FallbackStorage):
    """Django's messages in a cookie that is named like the others, and in the session if they are long."""

    storage_classes = (_CookieMessages, SessionStorage)


def chosen_theme(request: HttpRequest) -> str:
    """Return the colors that this browser was told to show, or nothing where it follows its system."""
    chosen = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    return chosen if chosen in THEMES else ""


def keep_theme(response: HttpResponse, theme: str) -> None:
    """Remember the colors for a year; anything but a theme's name forgets them."""
    name = settings.THEME_COOKIE_NAME
    if theme in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(name, theme, max_age=YEAR_S, samesite="Lax", httponly=True, secure=secure)
    else:
        response.delete_cookie(name, samesite="Lax")


def theme(request: HttpRequest) -> dict[str, str]:
    """Return the context of every page: which colors were chosen."""
    return {"chosen_theme": chosen_theme(request)}
