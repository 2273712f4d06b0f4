"""Pages of a list, and URLs that came with a form."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def page(request: HttpRequest, rows: Any, *, size: int) -> Page[Any]:
    """Return the page of rows, a query or what else has a length and slices, that the query string names.

    Past the end it is the last one.
    """
    return Paginator(rows, size).get_page(request.GET.get("page"))


def is_ours(address: str, request: HttpRequest) -> bool:
    """Return whether a submitted URL leads to a page of this portal."""
    hosts = {request.get_host()}
    return (
        len(address) < 2000
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, hosts, request.is_secure())
    )
