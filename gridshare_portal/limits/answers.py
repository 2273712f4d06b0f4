"""Answers to whoever has to wait: status 429, how long in seconds, and a page that says it in words."""

from __future__ import annotations

import math
import time

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gridshare_portal.limits import windows

TOO_MANY_REQUESTS = 429
SIGNING_IN = "That was tried many times in a short while, so we stopped to keep accounts safe."
NOBODY_KNOWS_S = 600.0  # of limits that count by what was typed
ALLAUTH = {  # which of allauth's limits may have answered at an address of its own
    "account_login": "login",
    "account_signup": "signup",
    "account_email": "manage_email",
    "account_reauthenticate": "reauthenticate",
    "mfa_reauthenticate": "reauthenticate",
    "mfa_reauthenticate_webauthn": "reauthenticate",
    "account_reset_password_from_key": "reset_password_from_key",
    "account_change_password": "change_password",
    "account_set_password": "change_password",
    "mfa_login_webauthn": "webauthn_login",
}
_MARK = "_wait_s"


def mark(request: HttpRequest, *, seconds: float) -> None:
    """Note that what was asked for has to wait; whatever page answers says so to programs too."""
    setattr(request, _MARK, max(1, math.ceil(seconds)))


def say(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give the answer its status and header, if its request was marked."""
    wait_s: int | None = getattr(request, _MARK, None)
    if wait_s is not None:
        response.status_code = TOO_MANY_REQUESTS
        response.headers["Retry-After"] = str(wait_s)
    return response


def page(request: HttpRequest, *, often: str, seconds: float, keeps: bool) -> HttpResponse:
    """Say what was done too often and when it goes on; with `keeps`, hold what was filled in for then.

    A part of a page that htmx asked for is answered with a part, which leaves its place where it is.
    """
    mark(request, seconds=seconds)
    context = {
        "often": often,
        "wait": windows.wait_in_words(seconds),
        "again": request.get_full_path(),
        "kept": _filled_in(request) if keeps else [],
        "can_repeat": keeps and not request.FILES,
    }
    if getattr(request, "htmx", False):
        response = render(request, "includes/_wait.html", context)
        response.headers["HX-Reswap"] = "innerHTML"
    else:
        response = render(request, "429.html", context)
    return say(request, response)


def of_allauth(request: HttpRequest) -> HttpResponse:
    """Answer for allauth's own limits; the name by which it finds this stands in urls.py."""
    return page(request, often=SIGNING_IN, seconds=_allauth_wait_s(request), keeps=False)


def _filled_in(request: HttpRequest) -> list[tuple[str, str]]:
    fields = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [field for field in fields if field[0] != "csrfmiddlewaretoken"]


def _allauth_wait_s(request: HttpRequest) -> float:
    name = request.resolver_match.view_name if request.resolver_match else ""
    action = ALLAUTH.get(name)
    if action is None:
        return NOBODY_KNOWS_S
    app = "allauth.mfa" if action == "webauthn_login" else "allauth.account"
    waits = []
    for rate in ratelimit.get_rates(app=app, action=action):
        if rate.per != "key":
            key = ratelimit.get_cache_key(request, app=app, action=action, rate=rate)
            newest_first: list[float] = cache.get(key) or []
            if len(newest_first) >= rate.amount:
                waits.append(newest_first[rate.amount - 1] + rate.duration - time.time())
    return max(waits, default=NOBODY_KNOWS_S)
