"""What the portal leaves in a browser: bound to its host, out of scripts' reach, strict where it can be."""

import json
import subprocess
import sys

import pytest
from django.contrib.messages import constants, storage
from django.core.cache import cache
from django.test import Client

from gridshare_portal.browsers import cookies
from tests import gate
from tests.accounts.conftest import sign_in

NAMES = (
    "COOKIE_PREFIX",
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "THEME_COOKIE_NAME",
    "MESSAGES_COOKIE_NAME",
    "KNOWN_COOKIE_NAME",
)
REST = (
    "HTTPS",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "CSRF_COOKIE_SAMESITE",
    "CSRF_COOKIE_HTTPONLY",
)
REST += ("SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "CSRF_COOKIE_DOMAIN", "CSRF_COOKIE_PATH")


@pytest.fixture(autouse=True)
def _no_rate_limit_left_by_another_test():
    cache.clear()


@pytest.fixture(scope="session")
def of_production():
    """The settings of the gate's production, read as on a server."""
    asked = f"import json, django.conf as c; print(json.dumps({{n: getattr(c.settings, n) for n in {NAMES + REST}}}))"
    environment = {
        **gate.PRODUCTION,
        "DJANGO_SETTINGS_MODULE": "gridshare_portal.settings",
        "DATABASE_URL": "sqlite://",
    }
    ran = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=gate.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


@pytest.fixture
def over_https(settings, of_production, monkeypatch):
    for name, value in of_production.items():
        setattr(settings, name, value)
    monkeypatch.setattr(cookies._CookieMessages, "cookie_name", settings.MESSAGES_COOKIE_NAME)
    return Client(headers={"x-forwarded-proto": "https"}, **{"wsgi.url_scheme": "https"})


def left_by(browser):
    """Sign in and out, and choose colors; return all cookies that were set or deleted on the way."""
    browser.get("/accounts/login/")
    browser.post("/theme/", {"theme": "dark"})
    sign_in(browser, "new@portal.example")
    browser.get("/homes/")
    left = dict(browser.cookies)
    browser.post("/theme/", {"theme": "auto"})
    browser.post("/accounts/logout/")
    return {**left, **{f"{name} at last": one for name, one in browser.cookies.items()}}


class TestCookies:
    @pytest.mark.django_db
    def test_are_bound_to_the_host_over_https(self, over_https, stranger):
        found = left_by(over_https)

        assert {name for name in found if " " not in name} == {
            "__Host-session", "__Host-csrf", "__Host-theme", "__Host-messages", "__Host-known",
        }  # fmt: skip
        wrong = {
            name: one.OutputString()
            for name, one in found.items()
            if not one["secure"] or one["domain"] or one["path"] != "/"
        }
        assert wrong == {}

    @pytest.mark.django_db
    def test_are_out_of_reach_for_scripts_and_other_sites(self, over_https, stranger):
        found = left_by(over_https)
        set_ = {name: one for name, one in found.items() if one.value}

        assert {name for name, one in found.items() if not one["httponly"]} == set()
        assert found["__Host-theme at last"].value == ""
        assert {name.split()[0]: one["samesite"] for name, one in set_.items()} == {
            "__Host-session": "Lax",
            "__Host-csrf": "Strict",
            "__Host-theme": "Lax",
            "__Host-messages": "Lax",
            "__Host-known": "Lax",
        }

    @pytest.mark.django_db
    def test_have_plain_names_over_http(self, client, stranger):
        assert {name for name in left_by(client) if " " not in name} == {
            "session",
            "csrf",
            "theme",
            "messages",
            "known",
        }


class TestMessages:
    def test_are_in_the_session_when_they_are_long(self, rf):
        request = rf.get("/")
        request.session = {}
        kept = storage.default_storage(request)
        kept.add(constants.INFO, "x" * 5000)

        assert type(kept.storages[0]).cookie_name == "messages" and kept.storages[1].__class__.__name__ == (
            "SessionStorage"
        )
