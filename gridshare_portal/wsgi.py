"""The portal as a WSGI application."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application
from django.template import loader

from gridshare_portal.logs import request_ids
from gridshare_portal.outbound import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridshare_portal.settings")

log = logging.getLogger(__name__)

GIVEN_ID, PEER = "HTTP_X_REQUEST_ID", "REMOTE_ADDR"

_django = get_wsgi_application()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request; 400 where its head alone cannot be read, which Django lets escape as an error."""
    peer = environ.get(PEER, "")
    with request_id.during(request_ids.for_request(environ.get(GIVEN_ID), peer=peer)):
        try:
            return _django(environ, start_response)
        except ValueError as error:  # of a header's encoding: all later errors have a page already
            log.warning("the head of a request could not be read: %s", type(error).__name__)
            return _unreadable(start_response)


def _unreadable(start_response: StartResponse) -> Iterable[bytes]:
    name = request_id.current()
    page = loader.get_template("400.html").render({"request_id": name}).encode()
    kind = [("Content-Type", "text/html; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
    length = ("Content-Length", str(len(page)))
    start_response("400 Bad Request", [*kind, length, (request_id.HEADER, name)])
    return [page]
