"""nginx as deploy/nginx.conf has it, before a server that repeats what it was told."""

import http.server
import json
import re
import socket
import ssl
import threading

import pytest
import requests

from tests import portal as portals
from tests.deploy import proxy as proxies

pytestmark = [pytest.mark.nginx, pytest.mark.programs]

SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Ssl": "off",
    "X-Real-IP": "203.0.113.9",
    "X-Request-ID": "mine",
    "X_Forwarded_For": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;proto=http",
    "Proxy": "evil.example",
}


class Repeating(http.server.BaseHTTPRequestHandler):
    """Answers with the names and values it was told, and with how many bytes followed."""

    def do_GET(self):
        sent = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        told = {name.lower(): value for name, value in self.headers.items()}
        answer = json.dumps({"path": self.path, "told": told, "bytes": sent}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *_what):
        pass


@pytest.fixture(scope="module")
def repeating():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repeating)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def started(folder, upstream, **how):
    ports = {"port": portals.free_port(), "plain_port": portals.free_port()}
    running = proxies.Proxy(folder, upstream, **ports, **how)
    running.start()
    return running


@pytest.fixture(scope="module")
def proxy(repeating, tmp_path_factory):
    running = started(tmp_path_factory.mktemp("nginx"), repeating)
    yield running
    running.stop()


@pytest.fixture
def fresh_proxy(repeating, tmp_path):
    """A proxy that has counted nobody's requests yet."""
    running = started(tmp_path, repeating)
    yield running
    running.stop()


@pytest.fixture
def hasty_proxy(repeating, tmp_path):
    """A proxy that waits a second where the usual one waits ten."""
    running = started(tmp_path, repeating, silent_s=1)
    yield running
    running.stop()


@pytest.fixture
def ask(proxy):
    with requests.Session() as session:
        session.trust_env = False

        def asked(path="/", method="GET", **how):
            address = proxy.url + path
            return session.request(
                method, address, verify=proxy.authority, timeout=20, allow_redirects=False, **how
            )

        yield asked


def over_tls(proxy, sent=b"", *, version=None, name=proxies.NAME):
    context = ssl.create_default_context(cafile=proxy.authority)
    if version:
        context.minimum_version = context.maximum_version = version
    client = context.wrap_socket(socket.create_connection(("127.0.0.1", proxy.port)), server_hostname=name)
    client.settimeout(20)
    client.sendall(sent)
    return client


class TestWhatVisitorsSayOfThemselves:
    def test_is_replaced_by_what_the_proxy_knows(self, proxy, ask):
        told = ask(headers=SPOOFED).json()["told"]

        assert told["x-forwarded-for"] == "127.0.0.1" and told["x-forwarded-proto"] == "https"
        assert told["x-forwarded-host"] == told["host"] == f"localhost:{proxy.port}"
        assert re.fullmatch(r"[0-9a-f]{32}", told["x-request-id"])
        gone = {
            "x-real-ip",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "x-forwarded-ssl",
            "x_forwarded_for",
            "forwarded",
            "proxy",
        }
        assert gone & set(told) == set()

    def test_leaves_no_trace(self, ask):
        answer = ask(headers=SPOOFED)

        assert not any(said in answer.text for said in ("203.0.113.9", "evil", "mine"))

    def test_is_logged_without_what_opens_something(self, proxy, ask):
        ask("/accounts/lunar/login/callback/?code=secret-code")
        ask("/invitations/secret-invitation/")
        line = json.loads(proxy.line_with("/invitations/…"))

        assert re.fullmatch(r"[0-9a-f]{32}", line["request_id"])
        assert "secret" not in proxy.lines()


class TestAddresses:
    def test_without_tls_lead_to_those_with(self, proxy):
        answer = requests.get(f"{proxy.plain_url}/a?b=c", timeout=20, allow_redirects=False)

        assert (answer.status_code, answer.headers["Location"]) == (301, f"{proxy.url}/a?b=c")

    def test_of_other_names_get_no_certificate(self, proxy):
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            over_tls(proxy, name="other.example")

    @pytest.mark.parametrize(
        "path",
        [
            "/metrics",
            "/metrics?a",
            "/%6detrics",
            "//metrics",
            "/x/../metrics",
            "/readyz?deep",
            "/readyz?%64eep",
        ],
    )
    def test_of_operators_are_not_there(self, proxy, path):
        """As a client sends them who does not tidy up first."""
        asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with over_tls(proxy, asked.encode()) as client:
            assert client.recv(100).startswith(b"HTTP/1.1 404 ")

    def test_of_health_are(self, ask):
        assert ask("/readyz").json()["path"] == "/readyz" and ask("/healthz").status_code == 200

    def test_are_sent_on_as_they_came(self, ask):
        assert ask("/homes/a%2Fb/?q=%20+").json()["path"] == "/homes/a%2Fb/?q=%20+"

    def test_do_not_say_which_nginx_it_is(self, ask):
        assert {ask("/").headers["Server"], ask("/metrics").headers["Server"]} == {"nginx"}


class TestTls:
    def test_is_of_today(self, proxy):
        assert over_tls(proxy, version=ssl.TLSVersion.TLSv1_2).cipher()[0].startswith("ECDHE-ECDSA-")
        assert over_tls(proxy).version() == "TLSv1.3"

    def test_of_yesterday_is_refused(self, proxy):
        context = ssl.create_default_context(cafile=proxy.authority)
        context.set_ciphers("AES128-SHA:AES256-SHA:AES128-GCM-SHA256:@SECLEVEL=0")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        plain = socket.create_connection(("127.0.0.1", proxy.port))
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="localhost")


class TestSizes:
    @pytest.mark.parametrize(
        ("path", "size", "status"),
        [
            ("/theme/", 256 * 1024, 200),
            ("/theme/", 256 * 1024 + 1, 413),
            ("/portfolio/brightgrid/runs/new/", 12 * 1024 * 1024, 200),
            ("/portfolio/brightgrid/runs/new/", 12 * 1024 * 1024 + 1, 413),
        ],
    )
    def test_of_bodies_have_a_bound(self, ask, path, size, status):
        answer = ask(path, "POST", data=b"a" * size)

        assert answer.status_code == status
        if status == 200:
            assert answer.json()["bytes"] == size
        else:
            assert "too much to send" in answer.text and "Retry-After" not in answer.headers
            assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [("/" + "a" * 9000, {}, 414), ("/", {"X-Long": "a" * 9000}, 400), ("/", {"X-Long": "a" * 7000}, 200)],
    )
    def test_of_heads_have_one_too(self, ask, path, headers, status):
        assert ask(path, headers=headers).status_code == status


def heard(client):
    """Return what a client is told before its connection ends, in whichever way."""
    try:
        return client.recv(1000)
    except ConnectionResetError:
        return b""


class TestClientsThatDoNotEnd:
    KINDS = {
        "head": b"POST /theme/ HT",
        "headers": b"POST /theme/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "body": b"POST /theme/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nab",
    }

    def test_are_ended_and_the_portal_does_not_hear_of_them(self, hasty_proxy):
        clients = {kind: over_tls(hasty_proxy, sent) for kind, sent in self.KINDS.items()}
        answers = {kind: heard(client) for kind, client in clients.items()}

        assert {kind: b" 200 " in answer for kind, answer in answers.items()} == dict.fromkeys(
            self.KINDS, False
        )
        assert hasty_proxy.line_with('"status":"408"')

    def test_cannot_be_more_than_a_hundred_of_one_address(self, fresh_proxy):
        clients = [over_tls(fresh_proxy, self.KINDS["body"]) for _ in range(110)]
        try:
            ended = [client for client in clients[-8:] if refused(client)]
        finally:
            for client in clients:
                client.close()

        assert len(ended) == 8


def refused(client):
    """Whether a client was turned away: told so, or cut off, where its own words came later than that."""
    try:
        return client.recv(100).startswith(b"HTTP/1.1 429 ")
    except ConnectionResetError:
        return True


class TestVisitorsWhoAskTooOften:
    def answers(self, proxy, count, path, method="GET"):
        with requests.Session() as session:
            session.trust_env, session.verify = False, proxy.authority
            return [session.request(method, proxy.url + path, timeout=20) for _ in range(count)]

    def test_are_told_to_wait_and_how_long(self, fresh_proxy):
        *_, last = self.answers(fresh_proxy, 60, "/accounts/login/", "POST")

        assert last.status_code == 429 and last.headers["Retry-After"] == "10"
        assert "Wait ten seconds" in last.text
        assert last.headers["Content-Security-Policy"].startswith("default-src 'none'")

    def test_are_not_those_whose_page_has_many_files(self, fresh_proxy):
        assert {one.status_code for one in self.answers(fresh_proxy, 200, "/static/a.js")} == {200}
        assert {one.status_code for one in self.answers(fresh_proxy, 100, "/accounts/login/")} == {200}


class TestAPortalThatIsAway:
    def test_is_said_calmly(self, tmp_path):
        running = started(tmp_path, portals.free_port())
        try:
            answer = requests.get(running.url, verify=running.authority, timeout=20)
        finally:
            running.stop()

        assert answer.status_code == 503 and answer.headers["Retry-After"] == "10"
        assert "away for a moment" in answer.text and answer.headers["Cache-Control"] == "no-store"
