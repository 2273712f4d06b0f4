"""Gives each request its id, shows it to whoever asked, and says in a line how the request went.

An id that a visitor sends is not believed, or one visitor's lines could be mixed with another's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from gridshare_portal.outbound import request_id

log = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]


def for_request(given: str | None, *, peer: str) -> str:
    """Return the id that a request has already, or the one that a trusted proxy gave it, or a new one."""
    from_proxy = request_id.accepted(given) if settings.TRUSTED_PROXIES.has(peer) else ""
    return request_id.current() or from_proxy or request_id.new()


def name_requests(get_response: Handler) -> Handler:
    """Let everything inside bear the request's id; to stand before every other middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began_s = time.monotonic()
        given, peer = request.headers.get(request_id.HEADER), request.META.get("REMOTE_ADDR") or ""
        with request_id.during(for_request(given, peer=peer)):
            response = get_response(request)
            response.headers[request_id.HEADER] = request_id.current()
            _log(request, response, took_s=time.monotonic() - began_s)
        return response

    return middleware


def _log(request: HttpRequest, response: HttpResponse, *, took_s: float) -> None:
    if request.path.startswith(settings.STATIC_URL) and response.status_code < 400:
        return
    fields = {"status": response.status_code, "took_ms": round(took_s * 1000)}
    person = getattr(request, "_cached_user", None)  # asking for `user` would read a session nobody needed
    if person is not None and person.pk is not None:
        fields["user"] = person.pk
    log.info("%s %s", request.method, request.path, extra={"fields": fields})
