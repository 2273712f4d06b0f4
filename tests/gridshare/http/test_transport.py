import gzip
import logging
import socket
import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from gridshare_portal.gridshare import client, errors, types
from gridshare_portal.gridshare.http import circuit_breaker, responses
from tests.gridshare import servers

SITES = b'{"entries":[{"siteId":"site-1"}]}'
TOKEN = b"Bearer secret-token-"


def took(call):
    started = time.monotonic()
    with pytest.raises(errors.GridshareError) as raised:
        call()
    return time.monotonic() - started, raised.value


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


class TestTheToken:
    def test_is_renewed_once_when_it_is_refused(self, client_of, tokens):
        refused, good = servers.status("401 No", b'{"message":"expired"}'), servers.json_answer(SITES)
        with servers.serving(servers.in_turn(refused, good)) as server:
            assert client_of(server).list_sites()

        assert tokens.asked == [False, True]
        assert b"secret-token-0" in server.requests[0]
        assert b"secret-token-1" in server.requests[1]

    def test_is_given_up_when_the_new_one_is_refused_too(self, client_of, tokens):
        with servers.serving(servers.status("401 No")) as server:
            _, error = took(client_of(server).list_sites)

        assert isinstance(error, errors.Unauthorized)
        assert len(server.requests) == 2
        assert tokens.asked == [False, True]

    def test_lets_what_the_callable_raises_pass(self):
        class Ended(Exception):
            pass

        def ended(force=False):
            raise Ended

        with pytest.raises(Ended):
            client.Client("http://127.0.0.1:1", ended).list_sites()

    @pytest.mark.parametrize("token", ["", "two\r\nlines", "ünicode", None])
    def test_is_not_sent_when_it_is_none(self, token):
        with servers.serving(servers.json_answer(SITES)) as server:
            caller = client.Client(server.url, lambda force=False: token)
            _, error = took(caller.list_sites)

        assert isinstance(error, errors.Unauthorized)
        assert server.requests == []

    def test_goes_to_no_other_host(self, client_of):
        with servers.serving(servers.json_answer(SITES)) as other:
            away = servers.status("307 Over there", b"", b"Location: " + other.url.encode())
            with servers.serving(away) as server:
                took(client_of(server).list_sites)

        assert other.requests == []

    def test_is_in_no_log_no_error_and_no_frame(self, client_of, caplog):
        caplog.set_level(logging.DEBUG)
        echo = servers.status("422 No", b'{"message":"token secret-token-0 is bad","code":"secret-token-0 "}')
        half = servers.pour(servers.OK + b"Content-Encoding: gzip\r\n\r\n", b"this is no gzip")
        for answer in (echo, half, servers.hang_up, servers.status("401 No"), servers.status("200 OK", b"[")):
            circuit_breaker.forget()
            with servers.serving(answer) as server:
                _, error = took(client_of(server).list_sites)
            assert any(TOKEN in request for request in server.requests)
            assert "secret-token" not in f"{error!r} {error} {error.code} {caplog.text}"
            frame = error.__traceback__
            while frame:
                if "gridshare_portal" in frame.tb_frame.f_code.co_filename:
                    assert "secret-token" not in repr(frame.tb_frame.f_locals)
                frame = frame.tb_next
            assert error.__context__ is None and error.__cause__ is None

    @pytest.mark.parametrize(
        "address", ["http://example.org", "https://user:pw@example.org", "ftp://example.org", "example.org"]
    )
    def test_is_promised_to_no_address_where_it_could_be_overheard(self, address, tokens):
        with pytest.raises(ValueError):
            client.Client(address, tokens)


class TestIds:
    @pytest.mark.parametrize(
        "bad",
        [
            "",
            ".",
            "..",
            "../sites",
            "..%2f..%2fsites",
            "%2e%2e",
            "a/../../sites",
            "d1?x=",
            "d1#x",
            "d1;x=1",
            "d\x001",
            "d\r\n1",
            "d 1",
            "d1\n",
            "ｄ１",
            "d" * 500,
            "-d",
            None,
            7,
        ],
    )
    def test_that_could_lead_elsewhere_are_refused_before_anything_is_sent(self, bad, client_of, tokens):
        with servers.serving(servers.json_answer(SITES)) as server:
            caller = client_of(server)
            calls = (
                lambda: caller.get_site_topology(bad),
                lambda: caller.get_device(bad),
                lambda: caller.patch_device(bad, changes={}),
                lambda: caller.get_device_telemetry(bad, start=datetime.now(UTC), end=datetime.now(UTC)),
                lambda: caller.get_device_operation_mode(bad),
                lambda: caller.set_device_operation_mode(bad, mode="Smart"),
                lambda: caller.get_device_overlay_plan(bad),
                lambda: caller.set_device_overlay_plan(bad, plan=types.Plan()),
            )
            for call in calls:
                with pytest.raises(errors.BadId):
                    call()

        assert server.requests == []
        assert tokens.asked == []

    def test_of_the_usual_kinds_are_sent_as_they_are(self, client_of):
        with servers.serving(servers.json_answer(b"{}")) as server:
            client_of(server).get_device("0a1b__GRID_METER_DERIVED")
            client_of(server).get_device("site:1.a-b")

        assert server.requests[0].startswith(b"GET /api/v2/devices/0a1b__GRID_METER_DERIVED HTTP")
        assert server.requests[1].startswith(b"GET /api/v2/devices/site%3A1.a-b HTTP")


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
