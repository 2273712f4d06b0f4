"""Asks a person to prove once more who they are, before what would hurt most in a stranger's hands.

A sign-in is such a proof, for 15 minutes. What was posted meanwhile waits in the session and is carried out
after the proof: nothing that was typed is lost. Whoever has a second factor proves it; others type a code
that is e-mailed to them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from gridshare_portal.accounts.signing_in import session_limits

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
READING = ("GET", "HEAD", "OPTIONS")

# Pages of allauth that change how or where somebody is signed in, or show what signs in: of these, only
# posting or also looking needs a recent proof.
POSTED = frozenset(
    {
        "account_email",
        "account_change_password",
        "account_set_password",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_add_webauthn",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
        "mfa_generate_recovery_codes",
        "usersessions_list",
    }
)
OPENED = frozenset({"mfa_activate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes"})


def is_needed(request: HttpRequest) -> bool:
    """Return whether the page that was asked for is one of allauth's or the admin's that need a proof."""
    match = request.resolver_match
    if match is None or not request.user.is_authenticated:
        return False
    if match.app_name == "admin" or request.path.startswith("/admin/"):
        return match.url_name not in ("login", "logout", "jsi18n")
    return match.url_name in (OPENED if request.method in READING else POSTED | OPENED)


def is_given(request: HttpRequest) -> bool:
    """Return whether the person proved who they are within the last 15 minutes."""
    return session_limits.is_recently_proven(request.session, now=timezone.now())


def ask(request: HttpRequest) -> HttpResponse:
    """Keep what was posted and lead to where the person proves who they are, and back."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:  # neither password nor address nor second factor: nothing can be proven, only begun anew
        return redirect("account_logout")
    address = methods[0]["url"]
    if getattr(request, "htmx", False):
        back = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined] # of django_htmx
        return HttpResponse(status=403, headers={"HX-Redirect": f"{address}?{urlencode({'next': back})}"})
    return reauthentication.suspend_request(request, address)


def required(
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """Require a recent proof of whoever posts to the view; reading needs none."""

    @functools.wraps(view)
    def proven(request: R, /, *args: P.args, **named: P.kwargs) -> HttpResponseBase:
        if request.method in READING or not request.user.is_authenticated or is_given(request):
            return view(request, *args, **named)
        return ask(request)

    return proven


def lacks_first(request: HttpRequest) -> bool:
    """Return whether this is a first change of staff in a session, without a recent proof."""
    if request.method in READING:
        return False
    return not session_limits.may_write(request.session, now=timezone.now())
