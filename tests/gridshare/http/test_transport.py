"""A call is over by its deadline and reads no more than its cap."""

import gzip
import socket
import time
import tracemalloc

import pytest

from gridshare_portal.gridshare import client, errors
from gridshare_portal.gridshare.http import responses
from tests.gridshare import servers
from tests.gridshare.servers import took

SITES = b'{"entries":[{"siteId":"site-1"}]}'


class TestTheDeadline:
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(servers.hang, id="the answer hangs"),
            pytest.param(servers.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"), id="the headers drip"),
            pytest.param(servers.drip(b"", b"H"), id="the status line drips"),
            pytest.param(servers.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="it says go on, for ever"),
            pytest.param(
                servers.drip(servers.OK + b"Content-Length: 999\r\n\r\n[", b" "), id="the body drips"
            ),
            pytest.param(servers.drip(servers.OK + b"\r\n[", b" "), id="a body without a length drips"),
            pytest.param(
                servers.drip(servers.OK + b"Content-Length: 999\r\n\r\n[", b" ", every_s=0.8),
                id="the body drips slowly",
            ),
            pytest.param(
                servers.drip(servers.OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
                id="the chunks drip",
            ),
            pytest.param(
                servers.drip(b"HTTP/1.1 500 Oops\r\nContent-Length: 999\r\n\r\n", b" "),
                id="the body of an error drips",
            ),
        ],
    )
    def test_ends_a_call_when_it_said(self, answer, client_of):
        with servers.serving(answer) as server:
            seconds, error = took(client_of(server, deadline_s=1.0).list_sites)

        assert seconds < 1.5
        assert isinstance(error, errors.Timeout | errors.ServerError)
        assert not error.may_have_happened

    def test_holds_for_all_attempts_together(self, client_of):
        def slow_failure(connection, request, number):
            time.sleep(0.4)
            return servers.status("503 Later")(connection, request, number)

        with servers.serving(slow_failure) as server:
            seconds, _ = took(client_of(server, deadline_s=1.0).list_sites)

        assert seconds < 1.5

    def test_holds_while_nobody_accepts(self, tokens):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            queued = []
            for _ in range(4):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(address)
                queued.append(waiting)
            caller = client.Client(f"http://127.0.0.1:{address[1]}", tokens, deadline_s=1.0)

            seconds, error = took(caller.list_sites)

        assert seconds < 1.5
        assert isinstance(error, errors.Timeout)

    def test_holds_while_a_name_is_not_resolved(self, client_of, monkeypatch):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(20))
        with servers.serving(servers.json_answer(SITES)) as server:
            seconds, error = took(client_of(server, deadline_s=0.6).list_sites)

        assert seconds < 1.1
        assert isinstance(error, errors.Timeout)


class TestTheCap:
    def test_stops_a_gzip_bomb(self, client_of):
        bomb = gzip.compress(b"[" + b" " * 300_000_000)
        answer = servers.status("200 OK", bomb, b"Content-Encoding: gzip")
        with servers.serving(answer) as server:
            tracemalloc.start()
            _, error = took(client_of(server, deadline_s=20).list_sites)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

        assert isinstance(error, errors.TooLarge)
        assert peak < 32_000_000

    def test_stops_an_endless_answer(self, client_of):
        endless = servers.pour(servers.OK + b"\r\n[", b" " * 65536)
        with servers.serving(endless) as server:
            seconds, error = took(client_of(server, deadline_s=20).list_sites)

        assert isinstance(error, errors.TooLarge)
        assert seconds < 10

    def test_reads_ten_megabytes(self, client_of):
        body = SITES + b" " * (responses.BYTES_AT_MOST - len(SITES))
        with servers.serving(servers.json_answer(body)) as server:
            assert client_of(server, deadline_s=20).list_sites()


class TestLogging:
    def test_says_once_what_failed(self, client_of, caplog):
        with servers.serving(servers.status("500 Oops", b'{"message":"m","code":"E\\n9"}')) as server:
            took(client_of(server).list_sites)

        assert len(caplog.records) == 1
        assert (
            caplog.records[0]
            .getMessage()
            .startswith("listSites: ServerError status=500 code=E9 attempts=3 took_ms=")
        )
