"""Answer 503 while the database is away, restarting or locked, and repeat a read whose connection broke.

A POST is never repeated: whether its transaction was committed is not known when the connection broke. What
the database refuses because of a fault of ours stays a 500.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template import loader

from gridshare_portal.outbound import request_id

Handler = Callable[[HttpRequest], HttpResponse]

RETRY_AFTER_S = 5
PAUSE_S = 0.3
KEPT_BY_REQUEST = ("_cached_user", "_memberships")  # what a first try read, or failed to
# https://www.sqlite.org/rescode.html: busy, locked, disk full, cannot open, I/O error
SQLITE_AWAY = {5, 6, 13, 14, 10}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
LOCKED = {"55P03", "57014", "40P01", "40001"}  # not available, canceled, deadlock, serialization


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page of an unexpected error: 503 if the database is away, else 500."""
    error = sys.exc_info()[1]
    if not is_outage(error):
        page = loader.get_template("500.html").render({"request_id": request_id.current()})
        return HttpResponse(page, status=500)
    page = loader.get_template("503.html").render({"request_id": request_id.current()})
    response = HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    response.connection_broke = is_broken(error)  # type: ignore[attr-defined]  # for repeat_reads
    return response


def repeat_reads(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Repeat a GET or HEAD once, on a new connection, when the database's connection broke under it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(response, "connection_broke", False) and request.method in ("GET", "HEAD"):
            time.sleep(PAUSE_S)
            for connection in connections.all(initialized_only=True):
                connection.close_if_unusable_or_obsolete()
            for name in KEPT_BY_REQUEST:
                vars(request).pop(name, None)
            response = get_response(request)
        return response

    return middleware


def is_outage(error: BaseException | None) -> bool:
    """Return whether an error says that the database is away or locked, and not that a query is wrong."""
    return any(_is_away(cause) for cause in _causes(error))


def is_broken(error: BaseException | None) -> bool:
    """Return whether the connection itself broke, so that a new one may do."""
    return any(
        isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and cause.sqlstate not in LOCKED
        for cause in _causes(error)
    )


def _is_away(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
