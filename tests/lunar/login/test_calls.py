"""A call to Lunar's login is over by its deadline, whatever the other side does."""

import contextlib
import socket
import threading
import time

import pytest

from gridshare_portal.lunar.login import calls

DEADLINE_S = 0.6


@contextlib.contextmanager
def server(talk):
    """Listen on loopback and let `talk` do what it likes with the first connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            accepted, _ = listening.accept()
            with accepted:
                accepted.recv(65536)
                talk(accepted)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/oauth2/token"
    listening.close()
    thread.join(5)


def send(text):
    return lambda accepted: accepted.sendall(text)


def drip(start, piece):
    def talk(accepted):
        accepted.sendall(start)
        for _ in range(200):
            accepted.sendall(piece)
            time.sleep(0.05)

    return talk


def took(url):
    began = time.monotonic()
    with pytest.raises(calls.Unreachable):
        calls.get(url, deadline_s=DEADLINE_S)
    return time.monotonic() - began


class TestACallToTheLogin:
    def test_brings_status_and_body(self):
        with server(send(b'HTTP/1.1 400 No\r\nContent-Length: 10\r\n\r\n{"a": "b"}')) as url:
            answer = calls.get(url)

        assert (answer.status, answer.json()) == (400, {"a": "b"})

    def test_ends_when_the_body_drips(self):
        with server(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x")) as url:
            assert DEADLINE_S * 0.9 < took(url) < DEADLINE_S + 0.5

    def test_ends_when_a_body_without_a_length_drips(self):
        with server(drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x")) as url:
            assert DEADLINE_S * 0.9 < took(url) < DEADLINE_S + 0.5

    def test_ends_when_the_headers_drip(self):
        with server(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")) as url:
            assert DEADLINE_S * 0.9 < took(url) < DEADLINE_S + 0.5

    def test_ends_when_nothing_comes(self):
        with server(lambda accepted: time.sleep(2)) as url:
            assert took(url) < DEADLINE_S + 0.5

    def test_refuses_more_than_any_answer_needs(self):
        flood = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (calls.LARGEST + 5000)
        with server(send(flood)) as url:
            assert took(url) < DEADLINE_S

    def test_says_that_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}/"

        assert took(url) < DEADLINE_S

    def test_does_not_follow_a_redirect(self):
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        with server(send(moved)) as url:
            assert calls.get(url).status == 302

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"[" * 100_000, b'"x"', b"\xff\xfe"])
    def test_reads_no_object_out_of_anything_else(self, body):
        assert calls.LoginResponse(status=200, body=body).json() == {}

    def test_never_prints_a_body(self):
        assert "secret" not in repr(calls.LoginResponse(status=200, body=b"secret"))
