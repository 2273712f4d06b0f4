"""The sign-in page of the pretended Cognito."""

import pytest
import requests

from gridshare_portal.sandbox.login.grants import SCOPES
from tests.sandbox.login.asked import (
    BACK,
    CHALLENGE,
    answer_in,
    authorize,
    claims_of,
    code_for,
    exchange,
    log_in,
)


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


class TestSigningOut:
    def test_goes_to_the_application_and_nowhere_else(self, sandbox):
        def leave(**sent):
            return requests.get(f"{sandbox.url}/logout", params=sent, allow_redirects=False, timeout=5)

        home = "http://localhost:8000/goodbye/"
        assert leave(client_id="demo", logout_uri=home).headers["Location"] == home
        assert leave(client_id="demo", logout_uri="https://evil.example/").status_code == 400
        assert leave(client_id="demo", logout_uri="//[").status_code == 400
        assert leave(client_id="other", logout_uri=home).status_code == 400
