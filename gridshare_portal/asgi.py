"""The portal behind clients that are slow or never finish: a request gets a thread once it is whole.

A thread that waits for the rest of a body is a thread that nobody else has, and there are only a few of them.
So bodies are received here, on the event loop, where one that waits costs next to nothing; one that stays
silent, or drips for too long, is ended. So is one that does not read its answer: a thread waits for it too.
The portal itself is the WSGI application.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, TypeAlias, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import ASGIApp
from django.conf import settings

from gridshare_portal.wsgi import application as portal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SILENT_S, LONGEST_S = 10.0, 120.0
UNREAD_S = 20.0  # for one piece of an answer
LARGEST = 12 * 1024 * 1024  # a run's file of 10 MB, and the form around it
IN_MEMORY = 256 * 1024
PIECE = 64 * 1024
HELD_S = 0.25

Message: TypeAlias = Mapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Unfinished(Exception):
    """The body did not come to its end; `status` says why, None where nobody listens any more."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class WholeRequests:
    """An ASGI application that hands requests on when their bodies are there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, object], receive: Receive, send: Send) -> None:
        """Receive the body, then answer; 408 for one that stops coming, 413 for one that is too large.

        Returning before the answer is whole ends the connection.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # type: ignore[arg-type]
            return
        # A proxy drops such names; without one they would stand for the names with a dash.
        headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
        scope = {**scope, "headers": [one for one in headers if b"_" not in one[0]]}
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                await _received(receive, body)
            except Unfinished as end:
                if end.status is not None:
                    await _refuse(send, end.status)
                return
            body.seek(0)
            await self._app(scope, _again(body), _until_unread(send))  # type: ignore[arg-type]


class Together:
    """What a WSGI application answers, in larger pieces: each piece costs a turn of the event loop.

    Lines of a file that is made while it is sent still go out a few times a second.
    """

    def __init__(self, made: Iterable[bytes]) -> None:
        self._made = made

    def __iter__(self) -> Iterator[bytes]:
        kept, sent_at = bytearray(), time.monotonic()
        for piece in self._made:
            kept += piece
            if len(kept) >= PIECE or time.monotonic() - sent_at >= HELD_S:
                yield bytes(kept)
                kept.clear()
                sent_at = time.monotonic()
        if kept:
            yield bytes(kept)

    def close(self) -> None:
        """End what makes the answer, as WSGI asks for."""
        getattr(self._made, "close", lambda: None)()


def together(environ: WSGIEnvironment, start_response: StartResponse) -> Together:
    """Answer as the portal does, in larger pieces."""
    return Together(portal(environ, start_response))


async def _received(receive: Receive, body: IO[bytes]) -> None:
    try:
        async with asyncio.timeout(LONGEST_S):
            while True:
                message = await asyncio.wait_for(receive(), SILENT_S)
                if message["type"] != "http.request":
                    raise Unfinished(None)
                body.write(cast(bytes, message.get("body", b"")))
                if body.tell() > LARGEST:
                    raise Unfinished(413)
                if not message.get("more_body"):
                    return
    except TimeoutError:
        raise Unfinished(408) from None


def _again(body: IO[bytes]) -> Receive:
    async def receive() -> Message:
        piece = body.read(PIECE)
        return {"type": "http.request", "body": piece, "more_body": len(piece) == PIECE}

    return receive


def _until_unread(send: Send) -> Send:
    """Send pieces until one is not taken in time; whatever follows is dropped, so that its thread is free."""
    is_unread = False

    async def sending(message: Message) -> None:
        nonlocal is_unread
        if is_unread:
            return
        try:
            async with asyncio.timeout(UNREAD_S):
                await send(message)
        except TimeoutError:
            is_unread = True

    return sending


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"connection", b"close"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


application = WholeRequests(WSGIMiddleware(together, workers=settings.WEB_THREADS))  # type: ignore[arg-type]  # its own Environ
