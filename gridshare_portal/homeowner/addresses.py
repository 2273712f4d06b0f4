"""Parse ids and page numbers in URLs, so that no URL can cause a 500.

Ids are the API's own and may contain almost anything; a string that cannot be one is a 404, like an unknown
id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.urls.converters import StringConverter
from django.utils.http import url_has_allowed_host_and_scheme

LARGEST = 100_000

Row_co = TypeVar("Row_co", covariant=True)


class Sliceable(Protocol[Row_co]):
    """A list that a page can be cut from without reading all of it."""

    def __len__(self) -> int: ...

    def __getitem__(self, window: slice, /) -> Iterable[Row_co]: ...


class SynthId(StringConverter):
    """The API's id of a site or device, as a part of a URL path."""

    regex = r"[^/\x00-\x1f\x7f\ud800-\udfff]{1,128}"


def number(request: HttpRequest, name: str, *, usual: int = 1) -> int:
    """Return a small positive number from the query string, or the default for anything else."""
    value = request.GET.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        return usual
    return min(max(int(value), 1), LARGEST)


def page(request: HttpRequest, rows: Sliceable[Row_co], *, size: int) -> Page[Row_co]:
    """Return the page that the query string names; past the end, the last one."""
    # The stub also wants access by index; a paginator only slices.
    pages: Paginator[Row_co] = Paginator(rows, size)  # type: ignore[arg-type]
    return pages.get_page(number(request, "page"))


def is_ours(address: str, request: HttpRequest) -> bool:
    """Return whether a submitted URL leads to a page of this portal."""
    hosts = {request.get_host()}
    return (
        len(address) < 2000
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, hosts, request.is_secure())
    )
