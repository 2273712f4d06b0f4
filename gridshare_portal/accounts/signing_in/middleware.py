"""Ends sessions that are past their limit, and guards Django's admin and the pages of second factors.

Staff without a second factor are led from the admin to where they set one up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from gridshare_portal.accounts import models, staff
from gridshare_portal.accounts.signing_in import known_browsers, proof, session_limits, sessions

NEEDS_FACTOR = "The admin needs a passkey or an authenticator app. Set one up here."
RENEWED = "X-Renewed"  # set by static/js/frame.js on what a page asks for by itself


def limit_sessions(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Sign out whoever's session has ended, with a sentence why, before a page asks who they are."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session and isinstance(request.user, models.User):
            _limit(request, request.user, now=timezone.now())
        response = get_response(request)
        known_browsers.keep(request, response)
        return response

    return middleware


def _limit(request: HttpRequest, user: models.User, *, now: datetime) -> None:
    limits = session_limits.limits_of(user)
    end = session_limits.end_of(session_limits.moments_of(request.session, now=now), limits, now=now)
    if end is not None:
        sessions.end_this(request, user, why=end.name.lower(), now=now)
        messages.info(request, session_limits.sentence(end, limits))
        return
    if RENEWED not in request.headers:
        session_limits.note_request(request.session, limits, now=now)
    sessions.renew_key(request, user)


class GuardSensitivePages:
    """Asks for a second factor at the admin, and for a recent proof there and on pages of second factors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Return where to go first; None when the page may be opened."""
        if not proof.is_needed(request):
            return None
        if request.path.startswith("/admin/"):
            if request.user.is_staff and not is_mfa_enabled(request.user, staff.STRONG):
                messages.warning(request, NEEDS_FACTOR)
                return redirect("mfa_index")
            if not request.user.is_staff:
                return None  # the admin refuses by itself
        if proof.is_given(request):
            if request.path.startswith("/admin/"):
                session_limits.prove(request.session, now=timezone.now())
            return None
        return proof.ask(request)
