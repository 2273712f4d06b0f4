"""The token of a call: renewed once, and seen by nobody else."""

import logging

import pytest

from gridshare_portal.gridshare import client, errors
from gridshare_portal.outbound import circuit_breaker
from tests.gridshare import servers
from tests.gridshare.servers import took

SITES = b'{"entries":[{"siteId":"site-1"}]}'
TOKEN = b"Bearer secret-token-"


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
