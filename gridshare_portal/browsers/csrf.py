"""Forms that nobody else can send, for visitors who come from another site, too.

The cookie with a visitor's secret is `SameSite=Strict`: a browser leaves it out of the first request after a
link in an e-mail or after Lunar's sign-in. Django alone would make a new secret then, and every form that is
open in another tab could not be sent any more. So whoever has a session has a copy of the secret there, and a
form that still fails, though it is proven to be ours, comes back with what was typed and a button.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

COPY: Final = "csrf_secret"
SAFE: Final = ("GET", "HEAD")
MOST_FIELDS: Final = 200
LONGEST: Final = 64 * 1024  # of all that was typed together
LEADS_AWAY: Final = {"lunar_login"}  # to another host, which only its own page may


def keep_secret(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Keep a copy of the secret in the session, and read it where a page is asked for without the cookie.

    It stands between the session and Django's check. Nobody gets a session for it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        name = settings.CSRF_COOKIE_NAME
        known = request.COOKIES.keys()
        if request.method in SAFE and name not in known and settings.SESSION_COOKIE_NAME in known:
            copy = request.session.get(COPY)
            if copy:
                request.COOKIES[name] = copy
        response = get_response(request)
        if name in response.cookies and not request.session.is_empty():
            secret = response.cookies[name].value
            if request.session.get(COPY) != secret:
                request.session[COPY] = secret
        return response

    return middleware


def failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was not sent; if it is ours, with what was typed, to be sent after all."""
    context = {"fields": _typed(request), "path": request.get_full_path()}
    return render(request, "403_csrf.html", context, status=403)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields to send again; none where they may come from elsewhere, or would not come whole."""
    match = request.resolver_match
    if not _is_ours(request) or match is None or match.url_name in LEADS_AWAY or request.FILES:
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    typed = [field for field in fields if field[0] != "csrfmiddlewaretoken"]
    length = sum(len(name) + len(value) for name, value in typed)
    return typed if len(typed) <= MOST_FIELDS and length <= LONGEST else []


def _is_ours(request: HttpRequest) -> bool:
    """Return whether the browser itself says that the form stood on a page of this portal."""
    ours = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return request.headers.get("Origin") in ours and site == "same-origin"
