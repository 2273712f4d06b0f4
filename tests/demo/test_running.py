"""`make run` from the outside: it starts, it says so, it knows its people, and it leaves nothing behind.

One portal serves all of it. A test that ends it costs a start, on what was kept, for whoever comes next.
"""

import re
import signal
import socket

import psutil
import pytest
import requests

from tests import environment
from tests import portal as portals

pytestmark = pytest.mark.programs


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A place for one portal, with what it keeps between its starts."""
    data, sockets = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("tmp")
    with portals.own_stores(environment.GIVEN) as stores:
        running = portals.Portal(data)
        running.sockets, running.given = sockets, {**stores, "TMPDIR": str(sockets)}
        yield running
        running.stop()


@pytest.fixture
def portal(place):
    """The running portal, started if it does not run."""
    if not place.runs():
        place.start(place.given)
    return place


class Browser(requests.Session):
    """A browser without a script: it sends the token that stood on the page."""

    def __init__(self, portal):
        super().__init__()
        self.portal = portal

    def open(self, path):
        return self.get(self.portal.url + path, timeout=10)

    def submit(self, page, path, **form):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.open(page).text)[1]
        return self.post(self.portal.url + path, {**form, "csrfmiddlewaretoken": token}, timeout=10)


def family_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def assert_gone(portal, children):
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert list(portal.sockets.rglob("*.sock")) == []
    for port in (portal.port, portal.sandbox_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


class TestStarted:
    def test_says_where_it_answers_and_who_can_sign_in(self, portal):
        assert requests.get(portal.url, timeout=5).status_code == 200
        assert portal.url in portal.output()
        for name in ("ada", "ben", "cleo", "dev", "eve", "finn", "cora"):
            assert f"{name}@demo.localhost" in portal.output()

    def test_keeps_its_secrets_to_its_owner_and_out_of_the_terminal(self, portal):
        file = portal.data / "secrets.env"
        assert file.stat().st_mode & 0o077 == 0
        for value in re.findall(r"=(\S+)", file.read_text()):
            assert value not in portal.output()


class TestPeople:
    @pytest.mark.parametrize(
        ("name", "slug", "work"), [("ines", "sunfix", "support"), ("rita", "brightgrid", "portfolio")]
    )
    def test_lets_staff_in_with_one_click_past_the_second_step(self, portal, name, slug, work):
        browser = Browser(portal)
        arrived = browser.submit("/demo/", "/demo/sign-in/", email=f"{name}@demo.localhost")

        assert arrived.url == f"{portal.url}/{work}/{slug}/" and arrived.status_code == 200
        assert browser.open(f"/organizations/{slug}/").status_code == 200

    def test_asks_staff_who_come_by_e_mail_for_their_second_factor(self, portal):
        browser = Browser(portal)
        browser.submit("/accounts/login/", "/accounts/login/", login="vera@demo.localhost")
        code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", browser.open("/demo/").text, re.MULTILINE)[1]
        asked = browser.submit("/accounts/login/code/confirm/", "/accounts/login/code/confirm/", code=code)

        assert asked.url.startswith(f"{portal.url}/accounts/2fa/authenticate/")
        assert "/accounts/2fa/authenticate/" in browser.open("/organizations/sunfix/").url

    def test_offers_homeowners_and_staff_apart(self, portal):
        page = Browser(portal).open("/demo/").text

        assert (
            page.index("Sign in as Ada") < page.index("who helps homeowners") < page.index("Sign in as Ines")
        )


class TestEnding:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_stops_all_and_leaves_nothing(self, portal, number):
        children = family_of(portal.process)
        assert len(children) >= 5

        portal.process.send_signal(number)

        assert portal.process.wait(30) == 0
        assert_gone(portal, children)

    def test_stops_all_when_one_child_dies(self, portal):
        children = family_of(portal.process)
        beat = next(child for child in children if "beat" in child.cmdline())

        beat.kill()

        assert portal.process.wait(30) == 1
        assert "beat ended" in portal.output()
        assert_gone(portal, children)
