"""Answers that are files to take away: streamed, named, and kept by nobody on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import StreamingHttpResponse

from gridshare_portal.files import cells

CSV = "text/csv; charset=utf-8"


def download(content: Iterable[str | bytes], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Return the pieces of a file as an answer; the name holds no character that a header cannot."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def csv(rows: Iterable[Sequence[object]], *, name: str) -> StreamingHttpResponse:
    """Return rows as a CSV file, made line by line while it is sent."""
    return download(cells.lines(rows), name=name, content_type=CSV)
