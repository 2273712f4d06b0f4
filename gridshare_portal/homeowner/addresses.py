"""Pages of a list, and URLs that came with a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

Row_co = TypeVar("Row_co", covariant=True)

LONGEST = 4_000  # with the longest id, of which each character may take twelve


class Sliceable(Protocol[Row_co]):
    """A list that a page can be cut from without reading the whole."""

    def __len__(self) -> int: ...

    def __getitem__(self, window: slice, /) -> Iterable[Row_co]: ...


def page(request: HttpRequest, rows: Sliceable[Row_co], *, size: int) -> Page[Row_co]:
    """Return the page that the query string names; past the end, the last one."""
    # The stub also wants access by index; a paginator only slices.
    pages: Paginator[Row_co] = Paginator(rows, size)  # type: ignore[arg-type]
    return pages.get_page(request.GET.get("page"))


def is_ours(address: str, request: HttpRequest) -> bool:
    """Return whether a submitted URL is a path of this portal; a bare word could name a page to Django."""
    hosts = {request.get_host()}
    return (
        address.startswith("/")
        and len(address) <= LONGEST
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, hosts, request.is_secure())
    )
