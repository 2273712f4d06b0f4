"""Leaving for Lunar, and coming back wrongly: who is refused, and what is never believed."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from gridshare_portal.lunar import models, scopes
from tests.lunar.conftest import (
    CALLBACK,
    READING,
    leave,
    sign_in_at_lunar,
)

pytestmark = pytest.mark.django_db(transaction=True)


def asked_of_lunar(answer):
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


class TestLeavingForLunar:
    def test_asks_for_what_was_ticked_and_proves_itself_with_pkce(self, client, sandbox):
        asked = asked_of_lunar(leave(client, [scopes.DEVICE_READ, scopes.PLAN_WRITE]))

        assert set(asked["scope"].split()) == {scopes.DEVICE_READ, scopes.PLAN_WRITE}
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        assert len(asked["state"]) >= 16

    def test_draws_state_and_proof_anew_each_time_and_too_long_to_guess(self, client, sandbox):
        asked = [asked_of_lunar(leave(client)) for _ in range(2)]
        states = client.session["socialaccount_states"]
        verifiers = {state["pkce_code_verifier"] for state, *_ in states.values()}

        assert len({one["state"] for one in asked}) == len(verifiers) == 2
        assert len({one["code_challenge"] for one in asked}) == 2
        assert all(len(drawn) >= 43 for drawn in [*states, *verifiers])  # 32 bytes, in base64
        assert not any(verifier in str(asked) for verifier in verifiers)

    @pytest.mark.parametrize("ticked", [[], ["openid"], [*READING, "phone"], [""]])
    def test_goes_back_to_the_boxes_when_nothing_or_something_unknown_was_ticked(
        self, client, sandbox, ticked
    ):
        answer = client.post("/accounts/lunar/login/", {"scope": ticked}, follow=True)

        assert answer.redirect_chain == [("/connect/", 302)]
        assert "Tick at least one box" in answer.text

    @pytest.mark.parametrize(
        "query",
        [
            "?scope=lunar/device.write,lunar/plan.write",
            "?auth_params=redirect_uri%3Dhttps://evil.example",
            "?auth_params=scope%3Dopenid",
            "?next=https://evil.example",
            "?next=/homes/",
            "?process=redirect",
            "?action=rerequest",
        ],
    )
    def test_believes_nothing_that_stands_in_the_address(self, client, sandbox, query):
        plain = asked_of_lunar(leave(client))
        answer = client.post(f"/accounts/lunar/login/{query}", {"scope": READING})
        asked = asked_of_lunar(answer)

        assert set(asked.pop("scope").split()) == set(READING)
        assert set(asked) == set(plain) - {"scope"}
        assert asked["redirect_uri"] == plain["redirect_uri"]
        states = client.session["socialaccount_states"]
        assert all("next" not in state and state["process"] == "login" for state, *_ in states.values())

    def test_takes_more_than_an_address(self, client, sandbox):
        answer = client.get("/accounts/lunar/login/?scope=lunar/device.write")

        assert (answer.status_code, answer["Location"]) == (302, "/connect/")

    def test_is_not_done_a_hundred_times_a_minute(self, client, sandbox, patient_cache):
        answers = [leave(client).status_code for _ in range(35)]

        assert answers[:30] == [302] * 30 and answers[-1] == 429

    def test_takes_a_form_of_ours_only(self, sandbox):
        answer = Client(enforce_csrf_checks=True).post("/accounts/lunar/login/", {"scope": READING})

        assert answer.status_code == 403


class TestComingBackWrongly:
    """Nothing is connected, nobody sees a broken page, and what Lunar handed over is ended."""

    def nothing_happened(self, client, path, **options):
        page = client.get(path, follow=True, **options)
        assert page.status_code < 500
        assert not models.Connection.objects.exists() and not models.Pending.objects.exists()
        return page

    def test_without_a_state(self, client, sandbox, homeowner):
        client.force_login(homeowner)

        page = self.nothing_happened(client, f"{CALLBACK}?code=abc")

        assert "Lunar did not let us finish" in page.text and sandbox.calls("oauthToken") == 0

    def test_with_nothing_at_all(self, client, sandbox):
        assert "Lunar did not let us finish" in self.nothing_happened(client, CALLBACK).text

    def test_with_the_state_of_another_session(self, client, sandbox, homeowner, neighbor):
        other = Client()
        other.force_login(neighbor)
        way_back = sign_in_at_lunar(leave(other))
        client.force_login(homeowner)

        self.nothing_happened(client, way_back)

        assert sandbox.calls("oauthToken") == 0

    def test_twice(self, client, sandbox, homeowner):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        client.get(way_back)
        first = models.Connection.objects.values().get()

        page = client.get(way_back, follow=True)

        assert "is connected already" in page.text and "othing was connected" not in page.text
        assert models.Connection.objects.values().get() == first and sandbox.calls("oauthToken") == 1

    def test_twice_by_somebody_else_says_nothing_of_it(self, client, sandbox, homeowner):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        client.get(way_back)
        page = Client().get(way_back, follow=True)

        assert "Lunar did not let us finish" in page.text and "connected already" not in page.text

    def test_again_long_after_says_that_the_connection_stays(self, client, sandbox, homeowner):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        client.get(way_back)
        models.Connection.objects.update(authorized_at=timezone.now() - timedelta(days=1))
        page = client.get(way_back, follow=True)

        assert "stays connected as it was" in page.text and "othing was connected" not in page.text

    def test_after_ten_minutes(self, client, sandbox, homeowner, monkeypatch):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        session = client.session
        states = session["socialaccount_states"]
        session["socialaccount_states"] = {
            key: (state, at - 601, who) for key, (state, at, who) in states.items()
        }
        session.save()

        self.nothing_happened(client, way_back)

        assert sandbox.calls("oauthToken") == 0

    @pytest.mark.parametrize(
        "query",
        [
            "state[]=a&state[]=b&code=c",
            "state=a&state=b&code=c",
            "code=" + "x" * 100_000,
            "state=%00&code=%00",
            "error=server_error&error_description=%3Cscript%3Ealert(1)%3C/script%3E",
        ],
    )
    def test_with_rubbish(self, client, sandbox, query):
        page = self.nothing_happened(client, f"{CALLBACK}?{query}")

        assert "alert(1)" not in page.text

    @pytest.mark.parametrize("code", ["", "x" * 100_000, "a\r\nb", "\x00", "unknown"])
    def test_with_a_state_of_ours_and_a_code_of_nobodys(self, client, sandbox, homeowner, code):
        client.force_login(homeowner)
        state = asked_of_lunar(leave(client))["state"]

        page = client.get(CALLBACK, {"state": state, "code": code}, follow=True)

        assert "Lunar did not let us finish" in page.text and not models.Connection.objects.exists()

    def test_after_saying_no(self, client, sandbox, homeowner):
        client.force_login(homeowner)
        state = asked_of_lunar(leave(client))["state"]
        refusal = {"state": state, "error": "access_denied", "error_description": "<script>alert(1)</script>"}

        page = client.get(CALLBACK, refusal, follow=True)

        assert page.redirect_chain == [("/accounts/3rdparty/login/cancelled/", 302)]
        assert "You did not allow the portal in" in page.text and "alert(1)" not in page.text

    @pytest.mark.parametrize(
        "kind",
        ["server_error", "bad_gateway_html", "invalid_client", "invalid_grant", "truncated", "lost_reply"],
    )
    def test_while_lunar_cannot_hand_out_tokens(self, client, sandbox, homeowner, kind):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        sandbox.faults.switch_on("oauthToken", kind)

        page = self.nothing_happened(client, way_back)

        assert "Lunar did not let us finish" in page.text and not models.Outage.objects.exists()

    def test_with_a_token_of_another_client(self, client, sandbox, homeowner, settings):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        settings.LUNAR_ISSUER = f"{sandbox.issuer}-of-somebody-else"

        self.nothing_happened(client, way_back)

        assert sandbox.calls("oauthRevoke") == 1

    def test_signed_out_meanwhile(self, client, sandbox, homeowner):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        session = client.session
        for name in ("_auth_user_id", "_auth_user_backend", "_auth_user_hash"):
            del session[name]
        session.save()

        page = self.nothing_happened(client, way_back)

        assert "You were signed out before Lunar answered" in page.text
        assert sandbox.calls("oauthRevoke") == 1

    def test_after_signing_out_properly(self, client, sandbox, homeowner):
        client.force_login(homeowner)
        way_back = sign_in_at_lunar(leave(client))
        client.post("/accounts/logout/")

        self.nothing_happened(client, way_back)

        assert sandbox.calls("oauthToken") == 0


class TestAllauthsOwnListOfAccounts:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_not_a_second_way_to_disconnect(self, client, sandbox, homeowner, connect, method):
        connection = connect(homeowner)
        client.force_login(homeowner)

        answer = getattr(client, method)("/accounts/3rdparty/", {"account": connection.account_id})

        assert (answer.status_code, answer["Location"]) == (302, "/connection/")
        assert models.Connection.objects.get().status == "active"
