"""The threaded HTTP/1.1 server: connections are kept alive, and a fault can drop one for real.

Werkzeug's own handler closes every connection after one answer; clients that pool their connections would
then never be tried.
"""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LARGEST_BODY = 1_000_000
Headers = list[tuple[str, str]]


class Dropped(ConnectionError):
    """The connection was dropped on purpose, so no answer follows."""


def drop(environ: WSGIEnvironment, *, hard: bool = False) -> Dropped:
    """Close a call's socket, with a reset when `hard`; the caller raises what is returned."""
    connection: socket.socket = environ["werkzeug.socket"]
    with contextlib.suppress(OSError):
        if hard:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(connection.detach())
        else:
            connection.shutdown(socket.SHUT_RDWR)
    return Dropped("dropped on purpose")


class Handler(WSGIRequestHandler):
    """One connection, with as many requests as the caller likes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def run_wsgi(self) -> None:
        body = self._body()
        if body is None:
            return
        if len(body) < int(self.headers.get("Content-Length", "0")):
            self.close_connection = True
            return
        self.environ = environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("wsgi.input_terminated", None)
        head: list[tuple[str, Headers]] = []

        def start(
            status: str, headers: Headers, _fault: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            head.append((status, headers))
            return _not_written

        try:
            answer = self.server.app(environ, start)
            self._send(*head[-1], answer)
        except (ConnectionError, TimeoutError, OSError):
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: URLs carry codes and states."""

    def log_error(self, format: str, *args: object) -> None:
        """Log what is wrong, but not that a kept connection was idle for long."""
        if not format.startswith("Request timed out"):
            super().log_error(format, *args)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        refused = self._refused(length)
        if refused is not None:
            self.close_connection = True
            self._send(str(refused), [("Content-Length", "0"), ("Connection", "close")], ())
            return None
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        return self.rfile.read(int(length))

    def _refused(self, length: str) -> int | None:
        """Return the status that refuses a body of this length, or None."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return 411
        if not length.isascii() or not length.isdigit():
            return 400
        return 413 if int(length) > LARGEST_BODY else None

    def _send(self, status: str, headers: Headers, answer: Iterable[bytes]) -> None:
        code, _, words = status.partition(" ")
        self.send_response(int(code), words or None)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        try:
            for part in answer:
                if self.command != "HEAD":
                    self.wfile.write(part)
                    self.wfile.flush()
            self.wfile.flush()
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()


class Server(ThreadedWSGIServer):
    """The server; it knows its open connections, so that stopping it ends them too."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(host, port, app=_nobody, handler=Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Stop listening and end every open connection."""
        self.shutdown()
        self.server_close()
        with self._guard:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _nobody(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise RuntimeError("the server was given nothing to serve")


def _not_written(part: bytes) -> None:
    raise RuntimeError("answers are returned here, never written")
