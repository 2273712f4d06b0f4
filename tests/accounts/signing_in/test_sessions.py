"""Where somebody is signed in, and how that ends everywhere at once."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.test import Client

from gridshare_portal.accounts.signing_in import sessions
from tests.accounts.conftest import known, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

OWN_PAGE = "/accounts/email/"


@pytest.fixture
def browsers(somebody):
    pair = Client(), Client()
    for browser in pair:
        sign_in(browser, somebody.email)
    return pair


def turn_an_app_on(browser):
    """Set an authenticator app up as its page does: read the secret, type its code."""
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    return browser.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True)


class TestEndingAll:
    def test_ends_what_is_known_and_what_is_not(self, somebody, browsers):
        UserSession.objects.filter(session_key=browsers[1].session.session_key).delete()

        assert sessions.end_all(somebody) == 1
        assert [browser.get(OWN_PAGE).status_code for browser in browsers] == [302, 302]
        assert not UserSession.objects.filter(user=somebody).exists()

    def test_ends_nobody_else_s(self, somebody):
        other = Client()
        sign_in(other, known("other@portal.example").email)
        sessions.end_all(somebody)

        assert other.get(OWN_PAGE).status_code == 200

    def test_lets_them_sign_in_again(self, somebody, browsers):
        sessions.end_all(somebody)
        sign_in(browsers[0], somebody.email)

        assert browsers[0].get(OWN_PAGE).status_code == 200


class TestAFirstSecondFactor:
    def test_ends_every_session_that_was_never_asked_for_it(self, somebody, browsers):
        mine, older = browsers
        page = turn_an_app_on(mine)

        assert page.status_code == 200 and Authenticator.objects.filter(user=somebody, type="totp").exists()
        assert mine.get(OWN_PAGE).status_code == 200
        assert older.get(OWN_PAGE).status_code == 302

    def test_leaves_this_browser_in_the_list_and_no_other(self, somebody, browsers):
        turn_an_app_on(browsers[0])

        assert UserSession.objects.get(user=somebody).session_key == browsers[0].session.session_key

    def test_is_not_asked_for_twice_on_the_way_to_the_recovery_codes(self, browsers):
        page = turn_an_app_on(browsers[0])

        assert "/accounts/2fa/reauthenticate/" not in [
            step[0].partition("?")[0] for step in page.redirect_chain
        ]
