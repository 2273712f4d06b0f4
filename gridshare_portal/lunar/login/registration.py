"""The portal as Lunar's login knows it: its client, and the addresses that go with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from gridshare_portal.lunar.login import cognito


def client() -> cognito.Client:
    """Return the portal's client at Lunar."""
    return cognito.Client(
        url=settings.LUNAR_LOGIN_URL, id=settings.LUNAR_CLIENT_ID, secret=settings.LUNAR_CLIENT_SECRET
    )


def authorize_url() -> str:
    """Return where a browser goes to sign in at Lunar."""
    return f"{settings.LUNAR_LOGIN_URL}/oauth2/authorize"


def access_token_url() -> str:
    """Return where codes become tokens."""
    return f"{settings.LUNAR_LOGIN_URL}/oauth2/token"


def login_origin() -> str:
    """Return the origin that a form on our page may lead to."""
    parts = urlsplit(settings.LUNAR_LOGIN_URL)
    return f"{parts.scheme}://{parts.netloc}"
