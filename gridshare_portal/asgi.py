"""The portal behind clients that are slow or never finish: a request gets a thread once it is whole.

A thread that waits for the rest of a body is a thread that nobody else has, and there are only a few of them.
So bodies are received here, on the event loop, where one that waits costs next to nothing; one that stays
silent, or drips for too long, is ended. So is one that does not read its answer: a thread waits for it too.
The portal itself is the WSGI application.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, TypeAlias, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import ASGIApp
from django.conf import settings

from gridshare_portal.limits import steady
from gridshare_portal.logs import request_ids
from gridshare_portal.outbound import request_id
from gridshare_portal.wsgi import application as portal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

SILENT_S, LONGEST_S = 10.0, 120.0
UNREAD_S = 20.0  # for one piece of an answer
LARGEST = 12 * 1024 * 1024  # a run's file of 10 MB, and the form around it
IN_MEMORY = 256 * 1024
PIECE = 64 * 1024
HELD_S = 0.25
STEADY = steady.HEADER.lower().encode()
REQUEST_ID = request_id.HEADER.lower().encode()

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
        given = [value for name, value in headers if name == REQUEST_ID]
        named = given[0].decode("latin-1") if len(given) == 1 else None
        client = cast("tuple[str, int] | None", scope.get("client"))
        name = request_ids.for_request(named, peer=client[0] if client else "")
        with request_id.during(name):
            await self._answer(scope, receive, _steady(send))

    async def _answer(self, scope: dict[str, object], receive: Receive, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                await _received(receive, body)
            except Unfinished as end:
                log.warning(
                    "a request's body did not come to its end: %s", end.status or "its sender is gone"
                )
                if end.status is not None:
                    await _refuse(send, end.status)
                return
            body.seek(0)
            last = LastPiece(_until_unread(send))
            try:
                await self._app(scope, _again(body), last)  # type: ignore[arg-type]
            finally:
                await last.release()


class LastPiece:
    """Hands an answer on, its last piece only once the thread that made it is done.

    A server that was asked to stop stops this loop when all answers are sent, and a thread that still waits
    for the loop then would keep the process from ending.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: Message | None = None
        self._left: int | None = None  # bytes until the announced length; None where none was announced

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(cast("Iterable[tuple[bytes, bytes]]", message.get("headers", ())))
            self._left = int(headers[b"content-length"]) if b"content-length" in headers else None
            await self._send(message)
            return
        body = cast(bytes, message.get("body", b""))
        if self._left is not None:
            self._left -= len(body)
        if not message.get("more_body") or self._left == 0:
            before = cast(bytes, self._held.get("body", b"")) if self._held else b""
            self._held = {**message, "body": before + body, "more_body": False}
        else:
            await self._send(message)

    async def release(self) -> None:
        """Send the last piece, if the answer came that far."""
        if self._held is not None:
            await self._send(self._held)


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


def _steady(send: Send) -> Send:
    """Hold back what is marked as steady, without a thread, until its time has come."""
    began_s = time.monotonic()

    async def sender(message: Message) -> None:
        headers = cast("list[tuple[bytes, bytes]]", message.get("headers", []))
        if any(name.lower() == STEADY for name, _value in headers):
            await asyncio.sleep(steady.wait_s(time.monotonic() - began_s))
            message = {**message, "headers": [one for one in headers if one[0].lower() != STEADY]}
        await send(message)

    return sender


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
    headers = [
        (b"connection", b"close"),
        (b"content-length", b"0"),
        (REQUEST_ID, request_id.current().encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


application = WholeRequests(WSGIMiddleware(together, workers=settings.WEB_THREADS))  # type: ignore[arg-type]  # its own Environ
