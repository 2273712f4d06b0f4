import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.login.grants import SCOPES

BACK = wsgi.REDIRECT_URIS[0]
ASKED = {"client_id": "demo", "response_type": "code", "redirect_uri": BACK, "state": "s"}
GOODBYE = {"client_id": "demo", "logout_uri": "http://localhost:8000/goodbye/"}


class Browser:
    """Somebody's somebody, which keeps its cookies."""

    def __init__(self, sandbox):
        self.sandbox, self.session = sandbox, requests.Session()

    def authorize(self, **changed):
        return self.get("/oauth2/authorize", **(ASKED | changed))

    def sign_in(self, username):
        sent = ASKED | {"username": username, "granted": list(SCOPES)}
        return self.session.post(f"{self.sandbox.url}/login", data=sent, allow_redirects=False, timeout=5)

    def get(self, path, **params):
        return self.session.get(f"{self.sandbox.url}{path}", params=params, allow_redirects=False, timeout=5)


@pytest.fixture(scope="module")
def remembering():
    with wsgi.running(homes=2, remember_sign_in=True) as sandbox:
        yield sandbox


@pytest.fixture
def somebody(remembering):
    remembering.reset()
    return Browser(remembering)


def claims_from(sandbox, answer):
    """What the token says that comes for the code in an answer."""
    sent = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    exchanged = requests.post(
        f"{sandbox.url}/oauth2/token", auth=("demo", "demo-secret"), timeout=5,
        data={"grant_type": "authorization_code", "code": sent["code"], "redirect_uri": BACK},
    )  # fmt: skip
    return jwt.decode(exchanged.json()["access_token"], options={"verify_signature": False}) | sent


def shows_the_page(answer):
    return answer.status_code == 200 and 'value="ada"' in answer.text


class TestABrowserThatIsRemembered:
    def test_is_asked_once_and_goes_straight_back_after_that(self, somebody):
        assert shows_the_page(somebody.authorize())
        somebody.sign_in("ben")
        claims = claims_from(somebody.sandbox, somebody.authorize(state="other", scope="lunar/plan.read"))

        assert (claims["username"], claims["state"]) == ("ben", "other")
        assert claims["scope"] == "lunar/plan.read"

    def test_is_one_browser_and_no_other(self, somebody):
        somebody.sign_in("ben")

        assert shows_the_page(Browser(somebody.sandbox).authorize())

    def test_is_asked_again_after_signing_out(self, somebody):
        somebody.sign_in("ben")
        kept = dict(somebody.session.cookies)
        answer = somebody.get("/logout", **GOODBYE)

        assert (answer.status_code, answer.headers["Location"]) == (302, GOODBYE["logout_uri"])
        assert kept and not somebody.session.cookies
        assert shows_the_page(somebody.authorize())
        somebody.session.cookies.update(kept)
        assert shows_the_page(somebody.authorize())

    def test_stays_signed_in_when_the_sign_out_is_refused(self, somebody):
        somebody.sign_in("ben")

        assert (
            somebody.get("/logout", client_id="demo", logout_uri="https://evil.example/").status_code == 400
        )
        assert somebody.authorize().status_code == 302

    def test_is_asked_again_after_an_hour(self, somebody, monkeypatch):
        somebody.sign_in("ben")
        now = time.time()
        monkeypatch.setattr(somebody.sandbox.pool, "time", lambda: now + 3500)
        assert somebody.authorize().status_code == 302
        monkeypatch.setattr(somebody.sandbox.pool, "time", lambda: now + 3601)

        assert shows_the_page(somebody.authorize())

    def test_never_leaves_with_a_wrong_address(self, somebody):
        somebody.sign_in("ben")

        assert somebody.authorize(redirect_uri="https://evil.example/").status_code == 400
        assert somebody.authorize(client_id="other").status_code == 400
        assert "error=invalid_scope" in somebody.authorize(scope="openid").headers["Location"]

    def test_is_a_stranger_after_a_reset(self, somebody):
        somebody.sign_in("ben")
        somebody.sandbox.reset()

        assert shows_the_page(somebody.authorize())

    def test_keeps_its_cookie_from_scripts_and_other_sites(self, somebody):
        cookie = somebody.sign_in("ben").headers["Set-Cookie"]

        assert {"HttpOnly", "SameSite=Lax", "Max-Age=3600", "Path=/"} <= set(cookie.split("; "))


class TestABrowserOfTheDemo:
    def test_is_asked_every_time(self, sandbox):
        somebody = Browser(sandbox)
        first = somebody.sign_in("ada")

        assert (first.status_code, dict(somebody.session.cookies)) == (302, {})
        assert shows_the_page(somebody.authorize())


class TestUserInfo:
    def ask(self, sandbox, **headers):
        return requests.get(f"{sandbox.url}/oauth2/userInfo", headers=headers, timeout=5)

    def test_is_refused_to_every_client_of_a_customer(self, sandbox):
        token = sandbox.pool.grant("ada")["access_token"]
        answer = self.ask(sandbox, Authorization=f"Bearer {token}")

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith('error="invalid_token", error_description="')
        assert answer.json()["error"] == "invalid_token"

    def test_needs_a_token_of_now(self, sandbox, monkeypatch):
        token = sandbox.pool.grant("ada", scopes=["openid"])["access_token"]
        assert self.ask(sandbox, Authorization=f"Bearer {token}x").status_code == 401
        later = time.time() + 3601
        monkeypatch.setattr(sandbox.pool, "time", lambda: later)

        assert self.ask(sandbox, Authorization=f"Bearer {token}").status_code == 401

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}])
    def test_calls_a_question_without_a_token_a_bad_request(self, headers, sandbox):
        answer = self.ask(sandbox, **headers)

        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]

    def test_would_name_somebody_to_whom_openid_was_granted(self, sandbox):
        token = sandbox.pool.grant("ada", scopes=["openid"])["access_token"]
        answer = self.ask(sandbox, Authorization=f"Bearer {token}")

        ada = sandbox.world.customer("ada")
        assert (answer.status_code, answer.json()) == (200, {"sub": ada.sub, "username": "ada"})
