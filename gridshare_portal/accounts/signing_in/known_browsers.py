"""Tells people by e-mail of a sign-in from a browser that they had not used here before.

A browser remembers who signed in with it in a signed cookie, as digests that say nothing to others. Nothing
is stored on the server. The sign-in that makes an account is no news to anybody.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from gridshare_portal.accounts import models
from gridshare_portal.mail import addresses, sender

log = logging.getLogger(__name__)

SIGNED_IN = "known_browsers.signed_in"  # with this request, and before it
SALT = "known browser"
LASTS = timedelta(days=365)
AT_MOST = 8  # people who share a browser
IS_NEW = timedelta(minutes=15)  # an account so young was made with this very sign-in
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    *(("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS", "a Mac"), ("CrOS", "a Chromebook"), ("Linux", "Linux")),
)


def note(request: HttpRequest, user: models.User, *, now: datetime) -> None:
    """Remember that this person signed in with this browser; e-mail them if it was not known."""
    address = request.META.get("REMOTE_ADDR")
    if not address:
        return  # nobody's browser: a command or a test signs in
    known, digest = _known(request), _digest(user)
    if digest in known:
        return
    request.META[SIGNED_IN] = [digest, *known][:AT_MOST]
    if now - user.date_joined < IS_NEW:
        return
    context = {
        "browser": in_words(request.headers.get("User-Agent", "")),
        "from": address,
        "at": now,
        "sessions": addresses.public("sessions"),
    }
    transaction.on_commit(lambda: _tell(user, context))


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Write the cookie if somebody signed in while this request was answered."""
    known = request.META.get(SIGNED_IN)
    if known:
        response.set_cookie(
            settings.KNOWN_COOKIE_NAME,
            signing.dumps(known, salt=SALT),
            max_age=LASTS,
            httponly=True,
            secure=settings.HTTPS,
            samesite="Lax",
        )


def in_words(user_agent: str) -> str:
    """Return a browser and its system in words, such as "Firefox on Windows"."""
    browser = next((name for part, name in BROWSERS if part in user_agent), "A browser")
    system = next((name for part, name in SYSTEMS if part in user_agent), "")
    return f"{browser} on {system}" if system else browser


def _known(request: HttpRequest) -> list[str]:
    try:
        held = signing.loads(request.COOKIES.get(settings.KNOWN_COOKIE_NAME, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return []
    return held if isinstance(held, list) else []


def _digest(user: models.User) -> str:
    return salted_hmac(SALT, str(user.pk)).hexdigest()[:20]


def _tell(user: models.User, context: dict[str, object]) -> None:
    try:
        sender.send(template="accounts/email/new_browser", to=user.email, context=context)
    except sender.NotSent:
        return  # the sender has logged it
