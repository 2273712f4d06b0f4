"""Servers that misbehave on purpose, one raw socket at a time."""

import contextlib
import socket
import struct
import threading
import time

import pytest

from gridshare_portal.gridshare import errors

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Server:
    """Answers each request by what `answer(connection, request, number)` does with the open socket."""

    def __init__(self, answer, tls=None):
        self.answer = answer
        self.tls = tls
        self.requests = []
        self.connections = 0
        self._open = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                self._listening.close()
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            while request := _read_request(connection):
                self.requests.append(request)
                if self.answer(connection, request, len(self.requests)) == "close":
                    break
        with contextlib.suppress(OSError):
            connection.close()

    def close(self):
        """End everything; each thread closes what it waits for, whose number nobody else gets before."""
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _read_request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def serving(answer, tls=None):
    server = Server(answer, tls)
    try:
        yield server
    finally:
        server.close()


def status(line, body=b"{}", *headers):
    """Answer with this status line, such as "429 Too Many Requests"."""
    head = [f"HTTP/1.1 {line}".encode(), b"Content-Length: %d" % len(body), *headers]
    return lambda connection, request, number: connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)


def json_answer(body):
    return status("200 OK", body, b"Content-Type: application/json")


def in_turn(*answers):
    """Give the first request the first answer, and so on; the last answer serves all that follow."""
    return lambda connection, request, number: answers[min(number, len(answers)) - 1](
        connection, request, number
    )


def hang(connection, request, number):
    time.sleep(30)


def hang_up(connection, request, number):
    return "close"


def reset(connection, request, number):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "close"


def drip(head, byte, every_s=0.1):
    """Send the head at once, and then one byte again and again."""

    def answer(connection, request, number):
        connection.sendall(head)
        while True:
            connection.sendall(byte)
            time.sleep(every_s)

    return answer


def pour(head, piece):
    """Send the head, and then the piece for ever, as fast as it goes."""

    def answer(connection, request, number):
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return answer


def took(call):
    started = time.monotonic()
    with pytest.raises(errors.GridshareError) as raised:
        call()
    return time.monotonic() - started, raised.value
