"""Where somebody is signed in, and how that ends everywhere at once."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.test import Client

from gridshare_portal.accounts.signing_in import session_limits, sessions
from tests.accounts.conftest import known, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

OWN_PAGE, LIST = "/accounts/email/", "/accounts/sessions/"


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


class TestSomebodyWhoIsSuspended:
    def test_is_signed_out_everywhere_and_stays_so_when_let_in_again(self, somebody, browsers):
        somebody.refresh_from_db()
        for may_sign_in in (False, True):
            somebody.is_active = may_sign_in
            somebody.save()

            assert [browser.get(OWN_PAGE).status_code for browser in browsers] == [302, 302]
        assert not UserSession.objects.filter(user=somebody).exists()


class TestOnesOwnSessions:
    def test_are_as_many_as_one_likes_and_all_listed(self, somebody, browsers):
        page = browsers[0].get(LIST).text

        assert page.count("<li") >= 2 or page.count("<tr") >= 2
        assert UserSession.objects.filter(user=somebody).count() == 2

    def test_are_ended_in_every_other_browser(self, browsers):
        mine, other = browsers
        mine.post(LIST)

        assert (mine.get(OWN_PAGE).status_code, other.get(OWN_PAGE).status_code) == (200, 302)

    def test_are_ended_only_by_who_proved_lately_who_they_are(self, browsers):
        mine, other = browsers
        session = mine.session
        session[session_limits.PROVEN] -= 16 * 60
        session.save()
        answer = mine.post(LIST)

        assert answer["Location"].startswith("/accounts/reauthenticate/code/")
        assert other.get(OWN_PAGE).status_code == 200


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
