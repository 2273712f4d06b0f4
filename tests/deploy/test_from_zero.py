"""A portal set up from nothing by the files of deploy/, met from outside, over TLS, as a visitor and operator do."""

import re
import secrets
import socket

import pytest
import requests

from gridshare_portal.demo.visitor import Visitor, forms_of, said_by
from gridshare_portal.sandbox import wsgi
from tests import environment
from tests import portal as portals
from tests.deploy import files, proxy, server

pytestmark = [pytest.mark.nginx, pytest.mark.programs]

SPOOFED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Real-IP": "203.0.113.9"}
HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def filled_in(stores, port, web_port, sandbox, mail):
    """Return the example's settings, with what an operator fills in; nothing beside them."""
    example = files.assignments(files.DEPLOY / "portal.env.example")
    if "DATABASE_URL" not in stores:
        example.pop("DATABASE_URL")
    return {
        **example,
        **stores,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TOKEN_KEYS": environment.KEY,
        "ALLOWED_HOSTS": proxy.NAME,
        "PUBLIC_URL": f"https://{proxy.NAME}:{port}",
        "LUNAR_LOGIN_URL": sandbox.url,
        "LUNAR_ISSUER": sandbox.issuer,
        "LUNAR_CLIENT_ID": sandbox.client_id,
        "LUNAR_CLIENT_SECRET": sandbox.client_secret,
        "GRIDSHARE_URL": sandbox.url,
        "EMAIL_URL": f"filemail:///{mail}",
        "OPERATOR_TOKEN": "operators only",
        "DATA_DIR": str(mail.parent / "data"),
        "PORT": str(web_port),
        "WORKERS": "2",
        "WEB_WORKERS": "1",
    }


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The whole of it, running: proxy, web, worker, beat, and a pretended Lunar outside."""
    folder = tmp_path_factory.mktemp("server")
    port, plain_port, web_port = (portals.free_port() for _ in range(3))
    callback = f"https://{proxy.NAME}:{port}/accounts/lunar/login/callback/"
    given = {name: environment.GIVEN.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    with (
        wsgi.running(homes=2, faults=True, redirect_uris=[callback]) as sandbox,
        portals.own_stores({name: url for name, url in given.items() if url}) as stores,
    ):
        stores.setdefault("REDIS_URL", environment.start_redis())
        found = server.Server(folder, filled_in(stores, port, web_port, sandbox, folder / "mail"))
        found.web_port = web_port
        found.released = found.run("portal-release.service", PYTHONPATH=server.HASTY)
        for name in ("beat", "worker", "web"):
            found.start(f"portal-{name}.service")
        (folder / "nginx").mkdir()
        found.proxy = proxy.Proxy(folder / "nginx", web_port, port=port, plain_port=plain_port)
        found.proxy.start()
        try:
            yield found
        finally:
            found.proxy.stop()
            found.stop()


@pytest.fixture
def visitor(machine):
    """Somebody with a browser, as soon as the portal answers."""
    found = Visitor(machine.proxy.url)
    found.verify = machine.proxy.authority
    found.headers["Referer"] = machine.proxy.url + "/"
    server.until(lambda: found.look("/healthz").status_code == 200)
    return found


class TestASetUpFromZero:
    def test_is_released_without_a_complaint(self, machine):
        assert "System check identified no issues" in machine.released

    def test_answers_over_tls_with_every_header(self, visitor):
        front = visitor.look("/")

        assert front.status_code == 200
        assert {name: front.headers.get(name) for name in HEADERS} == HEADERS
        assert "default-src 'none'" in front.headers["Content-Security-Policy"]

    def test_serves_its_files_for_ever_and_packed(self, visitor):
        style = re.search(r'href="(/static/[^"]+\.css)"', visitor.look("/").text)[1]
        answer = visitor.look(style)

        assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Encoding"]

    def test_leads_visitors_without_tls_to_it(self, machine, visitor):
        assert visitor.get(machine.proxy.plain_url + "/sharing/").url.startswith(machine.proxy.url)

    def test_shows_nothing_of_operators(self, machine, visitor):
        token = {"Authorization": "Bearer operators only"}
        for path in ("/metrics", "/readyz?deep"):
            assert visitor.get(machine.proxy.url + path, headers=token).status_code == 404
        assert visitor.look("/readyz").text == "ready"

    def test_refuses_what_no_form_holds(self, visitor):
        assert visitor.post(visitor.url + "/theme/", data=b"a" * 300_000).status_code == 413

    def test_lets_somebody_in_who_connects_and_sees_a_home(self, machine, visitor):
        """By a code in an e-mail, then by Lunar's pages; the worker reads the home."""
        visitor.headers.update(SPOOFED)
        page = visitor.look("/accounts/signup/")
        form = next(form for form in forms_of(page) if "email" in dict(form.fields))
        page = visitor.fill(page, form, email="ada@portal.example")
        code = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", machine.letter(), re.MULTILINE)[1]
        visitor.fill(page, next(form for form in forms_of(page) if "code" in dict(form.fields)), code=code)
        visitor.connect("ada")

        home = server.until(lambda: (page := visitor.look("/")).url.count("/homes/") and page)
        assert home.status_code == 200 and "Powered by" in server.until(
            lambda: "Powered by" in (said := said_by(visitor.look("/"))) and said
        )
        sessions = visitor.look("/accounts/sessions/")
        assert sessions.status_code == 200 and "203.0.113.9" not in sessions.text

    def test_is_backed_up_while_it_runs(self, machine, visitor):
        made = machine.run("portal-backup.service").strip()

        assert [str(one) for one in machine.backups.glob("portal-*")] == [made]

    def test_says_to_operators_that_beat_and_worker_are_alive(self, machine, visitor):
        def deep():
            address = f"http://127.0.0.1:{machine.web_port}/readyz?deep"
            operator = {"Authorization": "Bearer operators only", "Host": proxy.NAME}
            return requests.get(address, headers=operator, timeout=5)

        assert server.until(lambda: (answer := deep()).status_code == 200 and answer).json()["ready"] is True

    def test_answers_what_it_was_asked_before_it_ends(self, machine, visitor):
        """The last of these: the web server is asked to stop while a request is on its way."""
        half = (
            b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", machine.web_port), timeout=20) as client:
            client.sendall(half)
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the rest
            machine.ask_to_stop("portal-web.service")
            server.until(lambda: refuses(machine.web_port))
            client.sendall(b"rest")
            assert client.recv(1000).startswith(b"HTTP/1.1 ")

        assert machine.running["portal-web.service"].wait(30) == 0
        away = visitor.look("/")
        assert away.status_code == 503 and "away for a moment" in away.text


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False
