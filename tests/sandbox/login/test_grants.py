"""Access tokens, refreshing and revoking."""

import time

import jwt
import pytest
import requests

from gridshare_portal.sandbox import wsgi
from tests.sandbox.login.asked import BASIC, claims_of, code_for, exchange, refused, token


@pytest.fixture
def rotating():
    with wsgi.running(homes=1, rotate=True, grace_s=60) as sandbox:
        yield sandbox


def refresh(sandbox, refresh_token, **how):
    return token(sandbox, grant_type="refresh_token", refresh_token=refresh_token, **how)


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
