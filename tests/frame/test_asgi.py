"""Clients that begin a request and do not end it, at the server that the Procfile names."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from gridshare_portal import asgi
from gridshare_portal.demo import supervisor

HEADS = {
    "head": b"POST /healthz HT",
    "headers": b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "body": b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nab",
}


@pytest.fixture(scope="module")
def port():
    """The port of a web server with two threads, as in the Procfile but for their number."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--port",
        str(number),
        "--workers",
        "1",
    ]
    limits = ["--http1-header-read-timeout", "2000", "--log-level", "error", "--no-ws"]
    server = subprocess.Popen(
        [*command, *limits, "gridshare_portal.asgi:application"],
        env={**os.environ, "WEB_THREADS": "2", "DJANGO_SETTINGS_MODULE": "gridshare_portal.settings"},
        preexec_fn=supervisor.end_with_parent,
    )
    until = time.monotonic() + 30
    while not _answers(number):
        assert server.poll() is None and time.monotonic() < until
        time.sleep(0.1)
    yield number
    server.terminate()
    server.wait(20)


def _answers(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def half_open(port, sent):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(sent)
    return client


class TestClientsThatDoNotEndTheirRequest:
    @pytest.mark.parametrize("kind", HEADS)
    def test_keep_nobody_else_waiting(self, port, kind):
        clients = [half_open(port, HEADS[kind]) for _ in range(60)]
        try:
            time.sleep(0.5)
            assert all(_answers(port) for _ in range(20))
        finally:
            for client in clients:
                client.close()
        assert _answers(port)

    def test_are_ended_while_they_send_headers(self, port):
        client = half_open(port, HEADS["headers"])
        client.settimeout(10)

        assert b"200" not in client.recv(4096)

    def test_may_be_slow_if_they_go_on(self, port):
        client = half_open(port, HEADS["body"].replace(b"1000", b"6"))
        client.settimeout(10)
        for _ in range(4):
            time.sleep(0.3)
            client.sendall(b"x")

        assert client.recv(4096).startswith(b"HTTP/1.1 403")  # whole, and without a form's token


def said(port, sent):
    """The first lines of what the server answers until it closes the connection."""
    with half_open(port, sent) as client:
        client.settimeout(10)
        heard = b""
        with contextlib.suppress(ConnectionError):
            while piece := client.recv(65536):
                heard += piece
    return re.findall(rb"HTTP/1\.[01] (\d+)", heard)


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
LAST = b"Connection: close\r\n\r\n"


class TestOddRequests:
    @pytest.mark.parametrize(
        ("sent", "statuses"),
        [
            pytest.param(HEALTH + b"\r\n" + HEALTH + LAST, [b"200", b"200"], id="two at once"),
            pytest.param(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", [b"200"], id="HTTP/1.0"),
            pytest.param(HEALTH + b"X-A: b\r\n" * 1000 + LAST, [b"431"], id="a thousand headers"),
            pytest.param(
                HEALTH.replace(b"GET", b"POST") + b"Content-Length: %d\r\n" % (asgi.LARGEST + 1) + LAST
                + bytes(asgi.LARGEST + 1),
                [b"413"],
                id="a body too large",
            ),
            pytest.param(b"nothing of the kind\r\n\r\n", [b"400"], id="no HTTP"),
        ],
    )  # fmt: skip
    def test_are_answered_or_refused(self, port, sent, statuses):
        assert said(port, sent) == statuses
        assert _answers(port)


def answered(messages):
    """Let the application receive these messages, each after so many seconds, and return what it sent."""

    async def run():
        waiting, sent, heard = list(messages), [], []

        async def receive():
            if not waiting:
                await asyncio.sleep(60)
            after_s, message = waiting.pop(0)
            await asyncio.sleep(after_s)
            return message

        async def send(message):
            sent.append(message)

        async def app(scope, receive, send):
            body = b""
            while True:
                message = await receive()
                body += message["body"]
                if not message["more_body"]:
                    break
            heard.append((scope, body))

        scope = {"type": "http", "headers": [(b"x-real", b"1"), (b"x_real", b"2")]}
        await asgi.WholeRequests(app)(scope, receive, send)
        return sent, heard

    with ThreadPoolExecutor(1) as aside:  # a browser of another test may have a loop in this thread
        return aside.submit(asyncio.run, run()).result()


def part(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


class TestARequest:
    def test_is_handed_on_whole(self):
        large = os.urandom(asgi.IN_MEMORY + asgi.PIECE)
        sent, [(_scope, body)] = answered([(0, part(b"a")), (0.01, part(large)), (0, part(b"z", more=False))])

        assert (sent, body) == ([], b"a" + large + b"z")

    def test_has_no_header_that_would_stand_for_another(self):
        _sent, [(scope, _body)] = answered([(0, part(b"", more=False))])

        assert scope["headers"] == [(b"x-real", b"1")]

    def test_that_falls_silent_is_ended(self, monkeypatch):
        monkeypatch.setattr(asgi, "SILENT_S", 0.05)
        sent, heard = answered([(0, part(b"ab"))])

        assert (sent[0]["status"], heard) == (408, [])

    def test_that_drips_for_too_long_is_ended(self, monkeypatch):
        monkeypatch.setattr(asgi, "LONGEST_S", 0.2)
        sent, heard = answered([(0.02, part(b"x"))] * 100)

        assert (sent[0]["status"], heard) == (408, [])

    def test_that_is_too_large_is_refused_before_it_is_whole(self, monkeypatch):
        monkeypatch.setattr(asgi, "LARGEST", 100)
        sent, heard = answered([(0, part(b"x" * 101)), (5, part(b"", more=False))])

        assert (sent[0]["status"], heard) == (413, [])

    def test_whose_client_is_gone_is_forgotten(self):
        assert answered([(0, part(b"x")), (0, {"type": "http.disconnect"})]) == ([], [])


class TestAnAnswer:
    def test_that_is_steady_waits_without_a_thread_and_without_saying_so(self, monkeypatch):
        slept, sent = [], []

        async def sleep(seconds):
            slept.append(seconds)

        async def send(message):
            sent.append(message)

        async def answer(*headers):
            await asgi._steady(send)({"type": "http.response.start", "status": 302, "headers": [*headers]})

        monkeypatch.setattr(asgi.asyncio, "sleep", sleep)
        for headers in ([(b"x-steady", b"0.75"), (b"location", b"/")], [(b"location", b"/")]):
            with ThreadPoolExecutor(1) as aside:
                aside.submit(asyncio.run, answer(*headers)).result()

        assert [message["headers"] for message in sent] == [[(b"location", b"/")]] * 2
        assert len(slept) == 1 and 0.7 < slept[0] <= 0.75

    def test_that_is_not_read_keeps_no_thread(self, monkeypatch):
        monkeypatch.setattr(asgi, "UNREAD_S", 0.05)
        taken, given = [], []

        async def run():
            async def receive():
                return part(b"", more=False)

            async def send(message):
                taken.append(message)
                if len(taken) == 2:
                    await asyncio.sleep(60)  # until somebody reads

            async def app(_scope, _receive, send):
                for number in range(5):
                    await send({"type": "http.response.body", "body": b"x", "more_body": True})
                    given.append(number)

            await asgi.WholeRequests(app)({"type": "http", "headers": []}, receive, send)

        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, run()).result()

        assert (len(taken), len(given)) == (2, 5)

    def test_that_is_not_read_keeps_no_server_that_is_to_stop(self):
        web = next(line for line in Path("Procfile").read_text().splitlines() if line.startswith("web:"))

        assert "--workers-kill-timeout" in web

    def test_of_many_lines_is_sent_in_few_pieces(self):
        lines = [b"a line of a file\r\n"] * 20_000
        pieces = list(asgi.Together(lines))

        assert b"".join(pieces) == b"".join(lines) and len(pieces) <= 7

    def test_that_is_made_slowly_is_sent_meanwhile(self, monkeypatch):
        monkeypatch.setattr(asgi, "HELD_S", 0.02)

        def slow():
            for _ in range(4):
                time.sleep(0.03)
                yield b"x"

        assert list(asgi.Together(slow())) == [b"x"] * 4

    def test_that_nobody_waits_for_any_more_is_ended(self):
        ended = []

        class Made(list):
            def close(self):
                ended.append(True)

        asgi.Together(Made([b"a"])).close()
        asgi.Together([b"a"]).close()

        assert ended == [True]


class TestTheLastPiece:
    """What ends an answer: granian stops its loop after it, and a thread that waits for the loop then never ends."""

    @pytest.mark.parametrize(
        ("headers", "pieces", "at_once"),
        [
            ([(b"content-length", b"4")], [b"ab", b"cd"], [b"ab"]),
            ([(b"content-length", b"4")], [b"abcd"], []),
            ([(b"content-length", b"4")], [], []),  # the answer to a HEAD
            ([], [b"ab", b"cd"], [b"ab", b"cd"]),
        ],
    )
    def test_is_sent_once_the_thread_is_done(self, headers, pieces, at_once):
        sent = []

        async def send(message):
            sent.append(message)

        async def answered():
            last = asgi.LastPiece(send)
            await last({"type": "http.response.start", "status": 200, "headers": headers})
            for piece in pieces:
                await last({"type": "http.response.body", "body": piece, "more_body": True})
            await last({"type": "http.response.body", "body": b""})
            before = [one["body"] for one in sent[1:]]
            await last.release()
            return before

        assert asyncio.run(answered()) == at_once
        assert b"".join(one["body"] for one in sent[1:]) == b"".join(pieces)
        assert [one["more_body"] for one in sent[1:]] == [True] * len(at_once) + [False]
