"""The portal's registration at Lunar's login."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from gridshare_portal.lunar.login import cognito


def client() -> cognito.Client:
    return cognito.Client(
        url=settings.LUNAR_LOGIN_URL, id=settings.LUNAR_CLIENT_ID, secret=settings.LUNAR_CLIENT_SECRET
    )


def login_origin() -> str:
    """Return the origin that a form on our page may lead to."""
    parts = urlsplit(settings.LUNAR_LOGIN_URL)
    return f"{parts.scheme}://{parts.netloc}"
