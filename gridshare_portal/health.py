"""Two questions of whoever operates the portal: does it run, and can it serve.

Neither says more than it must: no version, no host, no error text.
"""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse


def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer as long as the process does."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database does; Redis is optional at run time and is not asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("not ready", content_type="text/plain", status=503, headers={"Retry-After": "10"})
    return HttpResponse("ready", content_type="text/plain")
