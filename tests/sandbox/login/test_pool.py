import base64
import hashlib
import re
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.login.grants import SCOPES

BACK = wsgi.REDIRECT_URIS[0]
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BASIC = ("demo", "demo-secret")


@pytest.fixture
def rotating():
    with wsgi.running(homes=1, rotate=True, grace_s=60) as sandbox:
        yield sandbox


def authorize(sandbox, **changed):
    sent = {"response_type": "code", "client_id": "demo", "redirect_uri": BACK, "state": "s t&te"} | changed
    sent = {name: value for name, value in sent.items() if value is not None}
    return requests.get(f"{sandbox.url}/oauth2/authorize", params=sent, allow_redirects=False, timeout=5)


def log_in(sandbox, page, *, username="ada", untick=(), **more):
    """Do what a browser does with the sign-in page."""
    fields = re.findall(r'<input type="(\w+)" name="(\w+)" value="([^"]*)"', page.text)
    sent = [(name, value.replace("&amp;", "&")) for _, name, value in fields if value not in untick]
    sent += list(({"username": username} | more).items())
    return requests.post(f"{sandbox.url}/login", data=sent, allow_redirects=False, timeout=5)


def answer_in(response):
    assert response.status_code == 302
    address = urlsplit(response.headers["Location"])
    assert response.headers["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def code_for(sandbox, username="ada", untick=(), **sent):
    return answer_in(log_in(sandbox, authorize(sandbox, **sent), username=username, untick=untick))["code"]


def token(sandbox, auth=BASIC, **sent):
    return requests.post(f"{sandbox.url}/oauth2/token", data=sent, auth=auth, timeout=5)


def exchange(sandbox, a_code, **changed):
    sent = {"grant_type": "authorization_code", "code": a_code, "redirect_uri": BACK} | changed
    return token(sandbox, **sent)


def refresh(sandbox, refresh_token, **how):
    return token(sandbox, grant_type="refresh_token", refresh_token=refresh_token, **how)


def claims_of(access_token):
    return jwt.decode(access_token, options={"verify_signature": False})


def refused(response, error, status=400):
    return (response.status_code, response.json()) == (status, {"error": error})


class TestSigningIn:
    def test_lists_the_demo_customers_and_says_that_it_is_the_sandbox(self, sandbox):
        page = authorize(sandbox)

        assert page.status_code == 200
        for name in ("ada", "cora", "ben", "cleo", "dev", "eve", "finn"):
            assert f'value="{name}"' in page.text
        assert "<strong>sandbox</strong>" in page.text

    def test_goes_back_with_a_code_and_the_state(self, sandbox):
        answer = answer_in(log_in(sandbox, authorize(sandbox)))

        assert set(answer) == {"code", "state"}
        assert answer["state"] == "s t&te"

    def test_grants_all_scopes_when_none_is_asked_for(self, sandbox):
        tokens = exchange(sandbox, code_for(sandbox)).json()

        assert claims_of(tokens["access_token"])["scope"].split() == list(SCOPES)

    def test_grants_only_what_was_asked_for_and_left_ticked(self, sandbox):
        asked = "lunar/device.read lunar/plan.read lunar/plan.write"
        tokens = exchange(sandbox, code_for(sandbox, scope=asked, untick=["lunar/plan.write"])).json()

        assert claims_of(tokens["access_token"])["scope"] == "lunar/device.read lunar/plan.read"

    def test_cannot_grant_more_than_was_asked_for(self, sandbox):
        page = authorize(sandbox, scope="lunar/device.read")
        sent = {"client_id": "demo", "redirect_uri": BACK, "response_type": "code", "scope": "lunar/device.read",
                "username": "ada", "granted": list(SCOPES)}  # fmt: skip
        answer = requests.post(f"{sandbox.url}/login", data=sent, allow_redirects=False, timeout=5)
        tokens = exchange(sandbox, answer_in(answer)["code"]).json()

        assert "lunar/plan.write" not in page.text
        assert claims_of(tokens["access_token"])["scope"] == "lunar/device.read"

    def test_asks_again_when_nothing_is_ticked_or_nobody_chosen(self, sandbox):
        page = authorize(sandbox)

        assert log_in(sandbox, page, untick=SCOPES).status_code == 400
        assert log_in(sandbox, page, username="mallory").status_code == 400

    def test_can_be_canceled(self, sandbox):
        answer = answer_in(log_in(sandbox, authorize(sandbox), cancel="1"))

        assert (answer["error"], answer["state"]) == ("access_denied", "s t&te")

    @pytest.mark.parametrize(
        "changed",
        [{"client_id": "other"}, {"client_id": None}, {"redirect_uri": None}, {"redirect_uri": BACK + "x"},
         {"redirect_uri": BACK.rstrip("/")}, {"redirect_uri": BACK + "?a=1"}, {"redirect_uri": "https://evil.example/"}],
    )  # fmt: skip
    def test_never_leaves_with_a_wrong_client_or_address(self, sandbox, changed):
        page = authorize(sandbox, **changed)

        assert (page.status_code, "Location" in page.headers) == (400, False)
        assert "text/html" in page.headers["Content-Type"]

    @pytest.mark.parametrize(
        ("changed", "error"),
        [({"response_type": None}, "invalid_request"), ({"response_type": "token"}, "unauthorized_client"),
         ({"scope": "lunar/everything"}, "invalid_scope"), ({"scope": ""}, "invalid_scope"),
         ({"code_challenge": CHALLENGE}, "invalid_request"),
         ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
         ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
         ({"code_challenge_method": "S256"}, "invalid_request")],
    )  # fmt: skip
    def test_takes_any_other_fault_back_to_the_application(self, sandbox, changed, error):
        answer = answer_in(authorize(sandbox, **changed))

        assert (answer["error"], answer["state"]) == (error, "s t&te")

    def test_shows_what_was_sent_as_text(self, sandbox):
        page = authorize(sandbox, state='"><script>alert(1)</script>')

        assert "<script>" not in page.text


class TestACode:
    def test_is_exchanged_for_tokens_without_a_scope_in_the_answer(self, sandbox):
        tokens = exchange(sandbox, code_for(sandbox)).json()

        assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)

    def test_works_once(self, sandbox):
        code = code_for(sandbox)

        assert exchange(sandbox, code).status_code == 200
        assert refused(exchange(sandbox, code), "invalid_grant")

    def test_works_for_five_minutes(self, sandbox, monkeypatch):
        codes = [code_for(sandbox) for _ in range(2)]
        later = time.time()
        monkeypatch.setattr(sandbox.pool, "time", lambda: later + 299)
        assert exchange(sandbox, codes[0]).status_code == 200
        monkeypatch.setattr(sandbox.pool, "time", lambda: later + 302)
        assert refused(exchange(sandbox, codes[1]), "invalid_grant")

    def test_needs_the_same_address(self, sandbox):
        assert refused(
            exchange(sandbox, code_for(sandbox), redirect_uri=wsgi.REDIRECT_URIS[1]), "invalid_grant"
        )

    @pytest.mark.parametrize(
        ("verifier", "status"),
        [
            ({"code_verifier": VERIFIER}, 200),
            ({"code_verifier": "w" * 64}, 400),
            ({"code_verifier": ""}, 400),
            ({}, 400),
        ],
    )
    def test_needs_the_verifier_when_a_challenge_came(self, sandbox, verifier, status):
        code = code_for(sandbox, code_challenge=CHALLENGE, code_challenge_method="S256")

        assert exchange(sandbox, code, **verifier).status_code == status

    @pytest.mark.parametrize("missing", ["code", "redirect_uri"])
    def test_needs_all_its_parts(self, sandbox, missing):
        assert refused(exchange(sandbox, code_for(sandbox), **{missing: ""}), "invalid_request")


class TestTheClient:
    def test_may_name_itself_in_the_body_too(self, sandbox):
        code = code_for(sandbox)

        assert (
            exchange(sandbox, code, auth=None, client_id="demo", client_secret="demo-secret").status_code
            == 200
        )
        assert exchange(sandbox, code_for(sandbox), client_id="demo").status_code == 200

    def test_may_not_do_both_at_once(self, sandbox):
        code = code_for(sandbox)

        assert refused(
            exchange(sandbox, code, client_id="demo", client_secret="demo-secret"), "invalid_request"
        )

    @pytest.mark.parametrize("auth", [("demo", "wrong"), ("other", "demo-secret"), None, ("", "")])
    def test_must_know_its_secret(self, sandbox, auth):
        assert refused(exchange(sandbox, code_for(sandbox), auth=auth), "invalid_client")

    @pytest.mark.parametrize(
        ("kind", "error"), [("password", "unsupported_grant_type"), ("", "invalid_request")]
    )
    def test_must_ask_for_a_kind_of_grant_that_there_is(self, sandbox, kind, error):
        assert refused(token(sandbox, grant_type=kind), error)


class TestAnAccessToken:
    def test_carries_what_cognito_s_carry(self, sandbox):
        tokens = exchange(sandbox, code_for(sandbox)).json()
        claims = claims_of(tokens["access_token"])

        names = "sub iss client_id token_use scope auth_time iat exp jti origin_jti username version"
        assert set(claims) == set(names.split())
        assert (claims["token_use"], claims["client_id"], claims["iss"]) == ("access", "demo", sandbox.issuer)
        assert claims["exp"] - claims["iat"] == 3600

    def test_is_signed_with_a_key_that_is_published(self, sandbox):
        keys = jwt.PyJWKClient(f"{sandbox.issuer}/.well-known/jwks.json")
        signed = sandbox.pool.grant("ada")["access_token"]
        key = keys.get_signing_key_from_jwt(signed)

        assert jwt.decode(signed, key, algorithms=["RS256"], issuer=sandbox.issuer)["username"] == "ada"
        assert len(keys.get_signing_keys()) == 2

    def test_says_the_same_of_who_somebody_is_each_time(self, sandbox):
        subs = [claims_of(sandbox.pool.grant(name)["access_token"])["sub"] for name in ("ada", "ada", "cora")]

        assert subs[0] == subs[1] != subs[2]

    def test_of_another_pool_is_refused(self, ada):
        with wsgi.running(homes=1) as other:
            ada.session.headers["Authorization"] = f"Bearer {other.pool.grant('ada')['access_token']}"
            assert ada.get("/api/v2/sites").status_code == 401

    @pytest.mark.parametrize("change", [{"token_use": "id"}, {"iss": "http://elsewhere"}, {"exp": 0}])
    def test_that_is_not_an_access_token_of_now_is_refused(self, ada, sandbox, change):
        claims = claims_of(sandbox.pool.grant("ada")["access_token"]) | change
        ada.session.headers["Authorization"] = f"Bearer {sandbox.pool.sign(claims)}"

        assert ada.get("/api/v2/sites").status_code == 401

    def test_without_a_signature_is_refused(self, ada, sandbox):
        claims = claims_of(sandbox.pool.grant("ada")["access_token"])
        ada.session.headers["Authorization"] = f"Bearer {jwt.encode(claims, None, algorithm='none')}"

        assert ada.get("/api/v2/sites").status_code == 401

    def test_expires(self, ada, sandbox, monkeypatch):
        assert ada.get("/api/v2/sites").status_code == 200
        later = time.time() + 3601
        monkeypatch.setattr(sandbox.pool, "time", lambda: later)

        assert ada.get("/api/v2/sites").status_code == 401


class TestARefresh:
    def test_gives_a_new_access_token_and_no_new_refresh_token(self, sandbox):
        first = exchange(sandbox, code_for(sandbox, scope="lunar/device.read")).json()
        again = refresh(sandbox, first["refresh_token"]).json()
        before, after = claims_of(first["access_token"]), claims_of(again["access_token"])

        assert set(again) == {"access_token", "token_type", "expires_in"}
        assert before["jti"] != after["jti"]
        for name in ("sub", "scope", "auth_time", "origin_jti"):
            assert before[name] == after[name]

    @pytest.mark.parametrize("wrong", ["nonsense", "a.b", "é.é"])
    def test_with_what_is_no_refresh_token_is_refused(self, sandbox, wrong):
        assert refused(refresh(sandbox, wrong), "invalid_grant")
        assert refused(refresh(sandbox, ""), "invalid_request")

    def test_ends_after_thirty_days(self, sandbox, monkeypatch):
        tokens, later = sandbox.pool.grant("ada"), time.time() + 30 * 86400 + 1
        monkeypatch.setattr(sandbox.pool, "time", lambda: later)

        assert refused(refresh(sandbox, tokens["refresh_token"]), "invalid_grant")

    def test_that_rotates_kills_the_old_token_after_its_grace(self, rotating, monkeypatch):
        old = rotating.pool.grant("ada")["refresh_token"]
        new = refresh(rotating, old).json()["refresh_token"]
        now = time.time()
        monkeypatch.setattr(rotating.pool, "time", lambda: now + 50)
        newer = refresh(rotating, old).json()["refresh_token"]
        monkeypatch.setattr(rotating.pool, "time", lambda: now + 70)

        assert len({old, new, newer}) == 3
        assert refused(refresh(rotating, old), "invalid_grant")
        assert refresh(rotating, newer).status_code == 200
        assert refresh(rotating, new).status_code == 200

    def test_within_the_grace_does_not_lengthen_it(self, rotating, monkeypatch):
        old, now = rotating.pool.grant("ada")["refresh_token"], time.time()
        for seconds, status in ((0, 200), (40, 200), (80, 400)):
            monkeypatch.setattr(rotating.pool, "time", lambda moment=now + seconds: moment)
            assert refresh(rotating, old).status_code == status


class TestRevoking:
    def revoke(self, sandbox, auth=BASIC, **sent):
        return requests.post(f"{sandbox.url}/oauth2/revoke", data=sent, auth=auth, timeout=5)

    def test_ends_the_grant_but_not_the_access_token(self, sandbox, ada):
        tokens = sandbox.pool.grant("ada")
        answer = self.revoke(sandbox, token=tokens["refresh_token"])
        ada.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

        assert (answer.status_code, answer.content) == (200, b"")
        assert refused(refresh(sandbox, tokens["refresh_token"]), "invalid_grant")
        assert ada.get("/api/v2/sites").status_code == 200

    def test_touches_no_other_grant_of_the_customer(self, sandbox):
        first, second = (sandbox.pool.grant("ada")["refresh_token"] for _ in range(2))
        self.revoke(sandbox, token=first)

        assert refresh(sandbox, second).status_code == 200

    def test_answers_as_documented(self, sandbox):
        tokens = sandbox.pool.grant("ada")

        assert self.revoke(sandbox, token="unknown").status_code == 200
        assert refused(self.revoke(sandbox), "invalid_request")
        assert refused(self.revoke(sandbox, token=tokens["access_token"]), "unsupported_token_type")
        assert refused(self.revoke(sandbox, auth=("demo", "no"), token="x"), "invalid_client", 401)


class TestSigningOut:
    def test_goes_to_the_application_and_nowhere_else(self, sandbox):
        def leave(**sent):
            return requests.get(f"{sandbox.url}/logout", params=sent, allow_redirects=False, timeout=5)

        home = "http://localhost:8000/goodbye/"
        assert leave(client_id="demo", logout_uri=home).headers["Location"] == home
        assert leave(client_id="demo", logout_uri="https://evil.example/").status_code == 400
        assert leave(client_id="demo", logout_uri="//[").status_code == 400
        assert leave(client_id="other", logout_uri=home).status_code == 400
