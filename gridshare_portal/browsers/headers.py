"""Response headers that Django has no setting for: cross-origin isolation, cache control, deleted cookies."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
FORGET = '"cache", "storage"'  # cookies are ended by name: this would end those of sibling hosts, too


def isolate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add isolating headers; what does not say otherwise is kept by nobody, and scripts read no cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if _ends_session(response):
            response.headers["Clear-Site-Data"] = FORGET
        for cookie in response.cookies.values():
            cookie["httponly"] = True  # also of one that is being deleted, where Django leaves it out
        return response

    return middleware


def _ends_session(response: HttpResponse) -> bool:
    """Return whether the browser is told that its session is over, by whomever it was ended."""
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie is not None and cookie["max-age"] == 0
