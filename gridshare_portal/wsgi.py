"""The portal as a WSGI application."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application
from django.template import loader

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridshare_portal.settings")

_django = get_wsgi_application()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request; 400 where its head alone cannot be read, which Django lets escape as an error."""
    try:
        return _django(environ, start_response)
    except ValueError:  # of a header's encoding: all later errors have a page already
        page = loader.get_template("400.html").render().encode()
        kind = [("Content-Type", "text/html; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
        start_response("400 Bad Request", [*kind, ("Content-Length", str(len(page)))])
        return [page]
