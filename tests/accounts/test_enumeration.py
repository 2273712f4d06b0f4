"""Whether an address is known here: no page says it, and no answer takes another time for it."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.limits import steady
from tests.accounts.conftest import known

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN, UNKNOWN = "known@portal.example", "other@portal.example"
EACH_OWN = {"Expires", "Content-Length", "Content-Security-Policy", "X-Request-ID"}  # new each time
WHERE = {
    "/accounts/signup/": ("email", "/accounts/confirm-email/"),
    "/accounts/login/": ("login", "/accounts/login/code/confirm/"),
}


def plain(page):
    """Return what anybody could tell two pages apart by, without what differs on every page."""
    text = re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", page.content.decode())
    for email in (KNOWN, UNKNOWN):
        text = text.replace(email, "ADDRESS")
    headers = {name: value for name, value in page.headers.items() if name not in EACH_OWN}
    return page.status_code, headers, text, sorted(page.cookies)


def steps(address, email):
    """Yield what is answered to somebody who gives this address, types wrong codes and asks for another."""
    cache.clear()
    field, confirm = WHERE[address]
    browser = Client()
    yield browser.post(address, {field: email})
    yield browser.get(confirm)
    for said in ({"code": "AAAA-AAAA"}, {"action": "resend"}, {"code": "BBBB-BBBB"}, {"code": "CCCC-CCCC"}):
        yield browser.post(confirm, said)
        yield browser.get(confirm)


class TestAnAddress:
    @pytest.fixture(autouse=True)
    def _somebody(self, db):
        known(KNOWN)

    @pytest.mark.parametrize("address", WHERE)
    def test_is_answered_alike_at_every_step_whether_it_is_known_or_not(self, address):
        pairs = zip(steps(address, KNOWN), steps(address, UNKNOWN), strict=True)

        for number, (one, other) in enumerate(pairs):
            assert plain(one) == plain(other), f"step {number}"

    @pytest.mark.parametrize("address", WHERE)
    @pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
    def test_is_answered_at_the_same_time_wherever_it_is_posted(self, address, email):
        posted = [one for one in steps(address, email) if one.request["REQUEST_METHOD"] == "POST"]

        assert len(posted) == 5 and {one.headers.get("X-Steady") for one in posted} == {"0.75"}

    def test_that_is_known_is_told_so_by_e_mail_alone(self):
        list(steps("/accounts/signup/", KNOWN))

        assert "account" in mail.outbox[0].body and mail.outbox[0].to == [KNOWN]

    def test_costs_other_pages_no_time(self):
        assert "X-Steady" not in Client().get("/accounts/login/").headers


class TestTheWait:
    @given(st.floats(0, 100))
    def test_ends_at_a_whole_number_of_steps(self, taken_s):
        whole_s = taken_s + steady.wait_s(taken_s)

        assert whole_s >= max(taken_s, steady.STEP_S) - 1e-9
        assert abs(whole_s / steady.STEP_S - round(whole_s / steady.STEP_S)) < 1e-6
        assert whole_s - taken_s <= steady.STEP_S + 1e-9
