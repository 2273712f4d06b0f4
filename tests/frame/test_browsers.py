"""What a real browser makes of the portal's cookies and headers; the test client knows no other sites."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LETTER = "http://mail.example/"  # never asked: the page is made up by the test


@pytest.fixture
def tabs(context, live_server):
    """Two tabs of one browser, the second of which reads a letter at another site."""
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.set_default_timeout(60_000)

    def follows(path):
        letter = f'<a href="{live_server.url}{path}">Look</a>'
        second.route(f"{LETTER}**", lambda route: route.fulfill(body=letter, content_type="text/html"))
        second.goto(LETTER)
        with second.expect_request(f"{live_server.url}{path}") as asked:
            second.get_by_role("link").click()
        second.wait_for_url(f"{live_server.url}{path}")
        return asked.value.all_headers()

    return first, follows


def sign_in(context, client, user, live_server):
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])


def chooses_dark(page):
    page.get_by_role("button", name="Dark").last.click()


def is_dark(page):
    return page.evaluate("document.documentElement.dataset.theme") == "dark"


class TestAFormInAnotherTab:
    def test_can_be_sent_by_who_is_signed_in(self, tabs, context, live_server, client, stranger):
        sign_in(context, client, stranger.user, live_server)
        first, follows = tabs
        first.goto(f"{live_server.url}/account/delete/")
        sent = follows("/connect/")["cookie"]
        assert "session=" in sent and "csrf=" not in sent  # a strict cookie stays at home
        first.get_by_label("Your e-mail address").fill("somebody.else@portal.example")
        first.get_by_role("main").get_by_role("button").last.click()

        expect(first.get_by_label("Your e-mail address")).to_have_value("somebody.else@portal.example")

    def test_comes_back_to_a_visitor_who_sends_it_after_all(self, tabs, live_server):
        first, follows = tabs
        first.goto(f"{live_server.url}/accounts/login/")
        follows("/")
        chooses_dark(first)
        expect(first.get_by_role("main")).to_contain_text("What you typed is still here")
        first.get_by_role("button", name="Send it now").click()

        assert is_dark(first) and first.url == f"{live_server.url}/accounts/login/"

    def test_of_the_page_that_the_letter_led_to_is_sent(self, tabs, live_server, context):
        follows = tabs[1]
        follows("/accounts/login/")
        second = context.pages[1]
        chooses_dark(second)

        assert is_dark(second)


class TestSigningOut:
    def test_empties_what_the_browser_kept(self, context, live_server, client, stranger):
        sign_in(context, client, stranger.user, live_server)
        page = context.new_page()
        page.goto(f"{live_server.url}/accounts/logout/")
        page.evaluate("localStorage.setItem('kept', '1')")
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url(f"{live_server.url}/")

        assert page.evaluate("localStorage.getItem('kept')") is None
        assert settings.SESSION_COOKIE_NAME not in {cookie["name"] for cookie in context.cookies()}
