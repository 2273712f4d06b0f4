"""Forms that only this portal's pages send, also for who comes from another site."""

import re

import pytest
from django.conf import settings
from django.middleware.csrf import get_token
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from tests import people
from tests.accounts.conftest import sign_in

HERE, ELSEWHERE = "http://testserver", "http://mail.example"
THEME = "/theme/"


class Strict(people.Visitor):
    """A browser that leaves the strict cookie out of a request that begins at another site."""

    def __init__(self):
        super().__init__(enforce_csrf_checks=True)

    def comes_from_elsewhere(self, path):
        kept = self.cookies.pop("csrf", None)
        page = self.get(path, headers={"sec-fetch-site": "cross-site"})
        if "csrf" not in self.cookies and kept:
            self.cookies["csrf"] = kept
        return page

    def sends(self, path, token, origin=HERE, **typed):
        return self.post(path, {"csrfmiddlewaretoken": token, **typed}, headers={"origin": origin})


def token_of(page):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]


@pytest.fixture
def somebody(db):
    return Strict()


class TestAForm:
    def test_that_is_open_survives_a_link_from_elsewhere_for_who_is_signed_in(self, somebody, stranger):
        somebody.force_login(stranger.user)
        open_form = token_of(somebody.get("/connect/"))
        somebody.comes_from_elsewhere("/homes/")

        assert somebody.sends(THEME, open_form, theme="dark").status_code == 302

    def test_that_is_open_survives_it_after_signing_in(self, stranger):
        """By allauth's own view, which sets the cookie by Django's decorator."""
        signed = Client()
        sign_in(signed, stranger.user.email)
        somebody = Strict()
        somebody.cookies = signed.cookies
        open_form = token_of(somebody.get("/connect/"))
        somebody.comes_from_elsewhere("/homes/")

        assert somebody.sends(THEME, open_form, theme="dark").status_code == 302

    def test_of_a_page_that_was_reached_from_elsewhere_can_be_sent(self, somebody):
        token = token_of(somebody.comes_from_elsewhere("/accounts/login/"))

        assert somebody.sends(THEME, token, theme="dark").status_code == 302

    def test_is_refused_without_its_secret(self, somebody, stranger):
        somebody.force_login(stranger.user)
        somebody.get("/connect/")

        assert somebody.post(THEME, {"theme": "dark"}, headers={"origin": HERE}).status_code == 403
        assert "theme" not in somebody.cookies

    def test_is_refused_with_another_visitor_s(self, somebody):
        somebody.get("/accounts/login/")
        theirs = token_of(Strict().get("/accounts/login/"))

        assert somebody.sends(THEME, theirs, theme="dark").status_code == 403

    def test_gives_nobody_a_session(self, somebody):
        somebody.get("/")
        somebody.comes_from_elsewhere("/accounts/login/")

        assert set(somebody.cookies) == {"csrf"}


class TestEveryAddress:
    def test_takes_forms_of_ours_only(self):
        """Nothing is exempt: the middleware looks at every address that takes a form."""

        def views(resolver):
            for one in resolver.url_patterns:
                yield from views(one) if isinstance(one, URLResolver) else [one.callback]

        found = list(views(get_resolver()))
        exempt = {view for view in found if getattr(view, "csrf_exempt", False)}

        assert len(found) > 150 and exempt == set()
        assert "django.middleware.csrf.CsrfViewMiddleware" in settings.MIDDLEWARE


class TestAFormThatIsTooOld:
    def old(self, somebody):
        """Of a visitor without a session, who came from elsewhere meanwhile."""
        token = token_of(somebody.get("/accounts/login/"))
        somebody.comes_from_elsewhere("/")
        return token

    def test_comes_back_with_what_was_typed_and_can_be_sent(self, somebody):
        typed = {"theme": "dark", "next": "/connect/?a=1&b='2'"}
        page = somebody.sends(f"{THEME}?x=1", self.old(somebody), **typed)

        assert page.status_code == 403 and "What you typed is still here" in page.text
        assert 'name="next" value="/connect/?a=1&amp;b=&#x27;2&#x27;"' in page.text
        assert f'<form method="post" action="{THEME}?x=1">' in page.text
        assert somebody.sends(f"{THEME}?x=1", token_of(page), **typed).url == typed["next"]

    def test_keeps_a_field_that_came_twice(self, somebody):
        page = somebody.sends(THEME, self.old(somebody), scope=["a", "b"])

        assert page.text.count('name="scope"') == 2

    def test_says_in_whose_name_it_is_sent(self, somebody, stranger):
        somebody.force_login(stranger.user)
        page = somebody.sends(THEME, "x" * 64, theme="dark")

        assert f"You are signed in as {stranger.user.email}." in page.text

    @pytest.mark.parametrize(
        "origin", [ELSEWHERE, "null", "", "https://testserver", "http://testserver.evil"]
    )
    def test_is_not_kept_for_who_sent_it_from_elsewhere(self, somebody, origin):
        page = somebody.sends(THEME, self.old(somebody), origin=origin, theme="dark")

        assert page.status_code == 403 and "Open the page again" in page.text
        assert "<form" not in page.text

    def test_is_not_kept_where_the_browser_says_so(self, somebody):
        token = self.old(somebody)
        headers = {"origin": HERE, "sec-fetch-site": "same-site"}
        page = somebody.post(THEME, {"csrfmiddlewaretoken": token, "theme": "dark"}, headers=headers)

        assert page.status_code == 403 and "<form" not in page.text

    @pytest.mark.parametrize("size", [{"a": "x" * 70_000}, {"a": ["x"] * 201}], ids=["long", "many"])
    def test_is_not_kept_in_part(self, somebody, size):
        assert "<form" not in somebody.sends(THEME, self.old(somebody), **size).text

    def test_that_leads_to_another_host_is_opened_again(self, somebody):
        page = somebody.sends("/accounts/lunar/login/", self.old(somebody), scope="device.read")

        assert page.status_code == 403 and "<form" not in page.text


class TestTheCopy:
    def test_is_made_once_and_follows_the_secret(self, somebody, stranger, rf):
        somebody.force_login(stranger.user)
        somebody.get("/homes/")
        first = somebody.session["csrf_secret"]
        somebody.get("/homes/")

        assert somebody.session["csrf_secret"] == first == somebody.cookies["csrf"].value
        assert get_token(rf.get("/")) != first
