"""Read what an address says about ids and pages, so that nothing in it can become a 500.

Ids are the API's own and may hold almost anything; what could never be one does not match,
and the answer is the same 404 as for an id that nobody knows.
"""

from __future__ import annotations

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

LARGEST = 100_000


class SynthId:
    """The API's name of a site or device, as a part of an address."""

    regex = r"[^/\x00-\x1f\x7f\ud800-\udfff]{1,128}"

    def to_python(self, value: str) -> str:
        """Return the id as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the id as it goes into an address."""
        return value


def number(request: HttpRequest, name: str, *, usual: int = 1) -> int:
    """Return a small positive number from the query, and the usual one for anything else."""
    value = request.GET.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        return usual
    return min(max(int(value), 1), LARGEST)


def page(request: HttpRequest, rows: object, *, size: int) -> Page:
    """Return the page that the query names; past the end, the last one."""
    return Paginator(rows, size).get_page(number(request, "page"))


def is_ours(address: str, request: HttpRequest) -> bool:
    """Say whether an address that came with a form leads to a page of this portal."""
    hosts = {request.get_host()}
    return (
        len(address) < 2000
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, hosts, request.is_secure())
    )
