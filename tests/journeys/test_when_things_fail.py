"""The API, Redis and the worker die one after another; the pages go on from what is stored."""

import signal

import pytest

from gridshare_portal.demo.visitor import Visitor
from tests import environment
from tests import portal as portals

pytestmark = pytest.mark.programs

PAGES = (
    "",
    "now/",
    "history/",
    "history/?view=year",
    "history.json",
    "history.csv",
    "devices/",
    "control/",
    "activity/",
    "settings/",
)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    own = ("DATA_DIR", "REDIS_URL")  # a Redis of its own, to be killed
    given = {name: value for name, value in environment.GIVEN.items() if name not in own}
    with portals.own_database(given) as settled:
        gathered = portals.Company(tmp_path_factory.mktemp("company"), settled)
        try:
            gathered.gather()
            yield gathered
        finally:
            gathered.dismiss()
            gathered.stage.clear()


@pytest.fixture(scope="module")
def visitor(company):
    """Ada, connected, with her home's last two days on the page."""
    ada = Visitor(company.stage.url)
    ada.sign_in("ada@demo.localhost")
    ada.connect("ada")
    company.until(lambda: "Powered by yourself" in ada.look("/").text)
    ada.home = ada.look("/").url
    return ada


@pytest.fixture
def healed(company):
    yield
    company.control("DELETE", "faults")
    if company.redis.poll() is None:
        company.redis.send_signal(signal.SIGCONT)


def walk(visitor):
    for path in PAGES:
        page = visitor.get(visitor.home + path, timeout=20)
        assert page.status_code == 200, (path, page.status_code)
        assert "/accounts/login" not in page.url, path
    return visitor.get(visitor.home, timeout=20)


class TestPages:
    def test_answer_while_the_api_is_down(self, company, visitor, healed):
        company.control("POST", "faults", operation="*", kind="refuse_connection")

        page = walk(visitor)

        assert "ago" in page.text or "just now" in page.text

    def test_answer_while_redis_hangs(self, company, visitor, healed):
        company.redis.send_signal(signal.SIGSTOP)

        walk(visitor)

    def test_keep_people_signed_in_when_redis_was_killed(self, company, visitor):
        company.kill(company.redis)

        walk(visitor)
        company.redis = company.start("Redis", company.stage.redis())

        walk(visitor)

    def test_answer_without_a_worker_and_the_next_one_goes_on(self, company, visitor):
        company.kill(company.worker)
        walk(visitor)
        ben = Visitor(company.stage.url)
        ben.sign_in("ben@demo.localhost")
        waits = ben.connect("ben")
        assert waits.status_code == 200 and "Fetching your home" in waits.text
        company.start_worker()

        company.until(lambda: "Home 2" in ben.look("/").text, within_s=180)
