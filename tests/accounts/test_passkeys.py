"""A passkey is made and signs in, in a real browser with a pretended authenticator."""

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def authenticator(page):
    """A telephone's passkey store, as the browser's own tools pretend it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
def complaints(page):
    heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def late_scripts(page):
    """The scripts of passkeys arrive when the page has long been there, as over a slow line."""

    def send_late(route):
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/mfa/js/*.js", send_late)


class TestAPasskey:
    def test_is_made_on_one_page_and_signs_in_on_another(
        self, page, authenticator, complaints, late_scripts, live_server, client, somebody
    ):
        client.force_login(somebody)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )
        page.goto(f"{live_server.url}/accounts/2fa/")
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_role("button", name="Add it").click()
        page.wait_for_url(lambda url: not url.endswith("/add/"))
        assert Authenticator.objects.filter(user=somebody, type="webauthn").count() == 1

        page.context.clear_cookies()
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(lambda url: "/accounts/" not in url)
        page.goto(f"{live_server.url}/accounts/2fa/")

        assert "You have 1" in page.content() and complaints == []
