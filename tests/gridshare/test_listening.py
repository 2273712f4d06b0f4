import pytest

from gridshare_portal.gridshare import client, errors
from tests.gridshare import servers


def listening(server, tokens, heard):
    listener = heard.append if isinstance(heard, list) else heard
    return client.Client(server.url, tokens, deadline_s=5.0, listener=listener)


@pytest.fixture
def serving():
    made = []

    def serve(answer):
        made.append(servers.Server(answer))
        return made[-1]

    yield serve
    for server in made:
        server.close()


def answering(status, body, kind="application/json"):
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda connection, request, number: connection.sendall(head.encode() + body)


class TestAListener:
    def test_hears_operation_subject_status_and_time(self, serving, tokens):
        heard = []
        listening(serving(answering(200, b'{"mode": "Smart"}')), tokens, heard).get_device_operation_mode(
            "d1"
        )

        assert [(one.operation, one.subject, one.status, one.error) for one in heard] == [
            ("getDeviceOperationMode", "d1", 200, "")
        ]
        assert 0 < heard[0].took_s < 5

    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            (403, b'{"message": "no", "code": "Forbidden"}', "Forbidden"),
            (200, b"<html>hello</html>", "NotJson"),
            (200, b'{"entries": 12}', "WrongShape"),
            (422, b"{}", "Unprocessable"),
        ],
    )
    def test_hears_what_went_wrong(self, serving, tokens, status, body, error):
        heard = []
        with pytest.raises(errors.GridshareError):
            listening(serving(answering(status, body)), tokens, heard).list_sites()

        assert [(one.status, one.error) for one in heard] == [(status, error)]

    def test_hears_of_an_answer_that_never_came(self, serving, tokens):
        heard = []
        with pytest.raises(errors.ConnectionLost):
            listening(serving(lambda *args: "close"), tokens, heard).list_sites()

        assert [(one.status, one.error) for one in heard] == [(None, "ConnectionLost")]

    def test_that_fails_costs_nobody_the_answer(self, serving, tokens):
        def deaf(heard):
            raise RuntimeError("deaf")

        sites = listening(
            serving(answering(200, b'{"entries": [{"siteId": "a"}]}')), tokens, deaf
        ).list_sites()

        assert sites == ("a",)


class TestAnAnswerAsItCame:
    @pytest.mark.parametrize("status", [200, 403, 404, 422])
    def test_is_returned_whatever_it_says(self, serving, tokens, status):
        came = listening(serving(answering(status, b"<b>no</b>", "text/html")), tokens, []).fetch("listSites")

        assert (came.status, came.body) == (status, b"<b>no</b>")

    def test_never_holds_the_token(self, serving, tokens):
        came = listening(serving(answering(200, b'{"you sent": "secret-token-0"}')), tokens, []).fetch(
            "listSites"
        )

        assert "secret-token" not in came.body.decode() and "you sent" in came.body.decode()

    def test_of_a_write_is_not_to_be_had(self, serving, tokens):
        server = serving(answering(200, b"{}"))
        with pytest.raises(ValueError):
            listening(server, tokens, []).fetch("patchDevice", "d1")

        assert server.requests == []

    def test_that_is_too_large_is_no_answer(self, serving, tokens):
        heard = []
        with pytest.raises(errors.TooLarge):
            listening(serving(answering(200, b" " * 10_000_001)), tokens, heard).fetch("listSites")

        assert [one.error for one in heard] == ["TooLarge"]

    def test_is_not_asked_for_by_an_id_that_leads_elsewhere(self, serving, tokens):
        server = serving(answering(200, b"{}"))
        with pytest.raises(errors.BadId):
            listening(server, tokens, []).fetch("getDevice", "../../secret")

        assert server.requests == []

    def test_has_its_headers_without_cookies_and_the_token(self, serving, tokens):
        def answer(connection, request, number):
            connection.sendall(
                servers.OK
                + b"X-Sent: secret-token-0\r\nSet-Cookie: a=b\r\nETag: 7\r\nContent-Length: 2\r\n\r\n{}"
            )

        headers = listening(serving(answer), tokens, []).fetch("listSites").headers

        assert headers["etag"] == "7" and headers["x-sent"] == "…".encode().decode("latin-1")
        assert "set-cookie" not in headers

    def test_is_asked_for_in_words_of_one_s_own(self, serving, tokens):
        server = serving(answering(200, b"{}"))
        asked = listening(server, tokens, [])
        asked.fetch("getDeviceTelemetry", "s1", query={"interval": "a/b", "limit": "5"})
        asked.speaking("live").fetch("getDeviceOperationMode", "d1")
        asked.fetch("getDeviceOperationMode", "d1")

        paths = [request.split()[1].decode() for request in server.requests]
        assert paths == [
            "/api/v2/devices/s1/telemetry?interval=a%2Fb&limit=5",
            "/api/v2/devices/d1/operationMode",
            "/api/v2/devices/d1/operationmode",
        ]
