"""Compresses pages, but none whose size could tell a stranger of what it holds.

The size of a compressed page tells whether something that came with the request stands in the page already;
who lets somebody's browser ask often enough reads a secret letter by letter (BREACH). So a page is compressed
for whoever is signed in only when the browser says that its request came from a page of ours or from the
person, and never where the page serves to sign in or holds what does. Each has a random length besides, and
the secret of forms is masked anew in each page.
"""

from __future__ import annotations

import gzip
import io
import re
import secrets
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

LEVEL: Final = 3  # level 6 takes twice as long for 6 % fewer bytes
SHORTEST: Final = 600  # below, one packet carries it either way
PADDING: Final = 100
HARMLESS: Final = ("same-origin", "none")  # of Sec-Fetch-Site: a page of ours, or the person themself
HOLDS_A_SECRET: Final = {"accounts:invitation"}  # beside all pages without a namespace, which are allauth's

_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


def takes_gzip(request: HttpRequest) -> bool:
    """Return whether the browser says that it reads gzip."""
    return _TAKES_GZIP.search(request.headers.get("Accept-Encoding", "")) is not None


def compress(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Compress pages for browsers that read it, where nobody else could learn from their size."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and _is_page(response):
            patch_vary_headers(response, ["Accept-Encoding"])
            if takes_gzip(request) and _tells_nothing(request):
                response.content = _packed(response.content)
                response.headers["Content-Encoding"] = "gzip"
                if response.has_header("Content-Length"):
                    response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware


def _is_page(response: HttpResponse) -> bool:
    is_html = response.get("Content-Type", "").startswith("text/html")
    return is_html and not response.has_header("Content-Encoding") and len(response.content) >= SHORTEST


def _tells_nothing(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None or not match.namespaces or match.view_name in HOLDS_A_SECRET:
        return False
    is_known = settings.SESSION_COOKIE_NAME in request.COOKIES
    return not is_known or request.headers.get("Sec-Fetch-Site") in HARMLESS


def _packed(content: bytes) -> bytes:
    """Return the content as gzip, with a name of random length in its head, which every reader skips."""
    packed = io.BytesIO()
    name = "a" * secrets.randbelow(PADDING + 1)
    with gzip.GzipFile(name, "wb", LEVEL, packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()
