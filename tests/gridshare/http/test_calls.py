"""Reading is repeated where that helps, writing is sent once."""

import socket
import time

import pytest

from gridshare_portal.gridshare import client, errors
from gridshare_portal.outbound import circuit_breaker
from tests.gridshare import servers
from tests.gridshare.servers import took

SITES = b'{"entries":[{"siteId":"site-1"}]}'


class TestReading:
    @pytest.mark.parametrize(
        "fault",
        [
            pytest.param(servers.hang_up, id="hung up"),
            pytest.param(servers.reset, id="reset"),
            pytest.param(servers.status("500 Oops"), id="500"),
            pytest.param(servers.status("502 Bad Gateway", b"<html>no</html>"), id="502 in HTML"),
            pytest.param(servers.status("429 Slow down"), id="429"),
            pytest.param(
                lambda c, r, n: c.sendall(servers.OK + b"Content-Length: 99\r\n\r\n" + SITES) or "close",
                id="truncated with a length",
            ),
            pytest.param(
                lambda c, r, n: c.sendall(servers.OK + b"Connection: close\r\n\r\n" + SITES[:20]) or "close",
                id="truncated without a length",
            ),
        ],
    )
    def test_is_repeated_at_most_twice(self, fault, client_of):
        good = servers.json_answer(SITES)
        with servers.serving(servers.in_turn(fault, fault, good)) as server:
            assert client_of(server).list_sites() == ("site-1",)
        circuit_breaker.forget()
        with servers.serving(fault) as server:
            took(client_of(server).list_sites)

        assert len(server.requests) == 3

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (servers.status("400 Bad", b'{"message":"no","code":"X1"}'), errors.Malformed),
            (servers.status("403 No", b'{"message":"no","code":"X1"}'), errors.Forbidden),
            (servers.status("403 No", b'{"message":"Missing Authentication Token"}'), errors.WrongRoute),
            (servers.status("404 No", b"{}"), errors.NotFound),
            (servers.status("422 No", b"[]"), errors.Unprocessable),
            (servers.status("200 OK", b"<html>Welcome to the hotel</html>"), errors.NotJson),
            (servers.status("200 OK", b'{"entries": {}}'), errors.WrongShape),
            (servers.status("200 OK", b""), errors.WrongShape),
            (
                servers.status("302 Over there", b"", b"Location: http://127.0.0.1:1/"),
                errors.UnexpectedAnswer,
            ),
        ],
    )
    def test_is_not_repeated_when_that_would_not_help(self, answer, expected, client_of):
        with servers.serving(answer) as server:
            _, error = took(client_of(server).list_sites)

        assert type(error) is expected
        assert len(server.requests) == 1

    def test_takes_the_words_and_the_code_of_the_api(self, client_of):
        refusal = servers.status("422 No", b'{"message":"Not for\\u0000 this model","code":"E7"}')
        with servers.serving(refusal) as server:
            _, error = took(client_of(server).list_sites)

        assert (error.operation, error.status, error.code) == ("listSites", 422, "E7")
        assert error.message == "Not for\ufffd this model"

    def test_shows_nothing_of_an_answer_in_html(self, client_of):
        with servers.serving(servers.status("404 No", b"<html>secret page</html>")) as server:
            _, error = took(client_of(server).list_sites)

        assert error.message == ""
        assert "secret page" not in str(error)

    def test_keeps_its_connection_and_notices_when_it_was_closed_meanwhile(self, client_of):
        def answer_then_close(connection, request, number):
            servers.json_answer(SITES)(connection, request, number)
            return "close" if number == 2 else None

        with servers.serving(answer_then_close) as server:
            caller = client_of(server)
            caller.list_sites(), caller.list_sites()
            assert server.connections == 1
            time.sleep(0.05)
            caller.list_sites()

        assert (server.connections, len(server.requests)) == (2, 3)

    def test_asks_for_json_and_sends_no_cookie_back(self, client_of):
        with servers.serving(servers.status("200 OK", SITES, b"Set-Cookie: who=ada")) as server:
            caller = client_of(server)
            caller.list_sites(), caller.list_sites()

        assert b"Accept: application/json" in server.requests[1]
        assert b"cookie" not in server.requests[1].lower()


class TestWriting:
    @pytest.mark.parametrize(
        "fault",
        [
            servers.hang_up,
            servers.reset,
            servers.status("500 Oops"),
            servers.status("502 Bad Gateway", b"<html>"),
            servers.status("200 OK", b"<html>"),
            servers.status("200 OK", b'{"mode": 3}'),
        ],
    )
    def test_is_sent_once_and_says_that_it_may_have_happened(self, fault, client_of):
        with servers.serving(fault) as server:
            _, error = took(lambda: client_of(server).set_device_operation_mode("d1", mode="Smart"))

        assert error.may_have_happened
        assert len(server.requests) == 1

    @pytest.mark.parametrize("line", ["400 Bad", "403 No", "404 No", "409 No", "422 No", "429 Slow down"])
    def test_says_that_a_refused_one_did_not_happen(self, line, client_of):
        with servers.serving(servers.status(line)) as server:
            _, error = took(lambda: client_of(server).set_device_operation_mode("d1", mode="Smart"))

        assert not error.may_have_happened
        assert len(server.requests) == 1

    def test_is_tried_again_when_the_connection_was_never_made(self, tokens, monkeypatch):
        tries = []
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: tries.append(1) or real(*a, **k))
        caller = client.Client(f"http://127.0.0.1:{port}", tokens)

        _, error = took(lambda: caller.set_device_operation_mode("d1", mode="Smart"))

        assert isinstance(error, errors.ConnectionLost)
        assert not error.may_have_happened
        assert len(tries) == 3
