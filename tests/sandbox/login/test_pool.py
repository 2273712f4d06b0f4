"""Codes for tokens, and the client that asks for them."""

import time

import pytest

from gridshare_portal.sandbox import wsgi
from tests.sandbox.login.asked import CHALLENGE, VERIFIER, code_for, exchange, refused, token


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
