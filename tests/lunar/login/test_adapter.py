"""Coming back from Lunar: who is connected, who is let in, and who is new."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from gridshare_portal.accounts.models import User
from gridshare_portal.audit.models import Event
from gridshare_portal.lunar import models, scopes
from tests.lunar.conftest import (
    EVERYTHING,
    READING,
    code_from_mail,
    go_through_lunar,
    leave,
    sign_in_at_lunar,
)

pytestmark = pytest.mark.django_db(transaction=True)


class TestComingBackSignedIn:
    def test_connects(self, client, sandbox, homeowner):
        client.force_login(homeowner)

        page = go_through_lunar(client, time_zone="Europe/Berlin")

        connection = models.Connection.objects.get(user=homeowner)
        assert "Your Lunar account is connected." in page.text
        assert (connection.status, connection.scope_set) == ("active", set(READING))
        assert (connection.username, connection.time_zone) == ("ada", "Europe/Berlin")
        assert connection.account == SocialAccount.objects.get(
            user=homeowner, uid=f"{connection.issuer} {connection.sub}"
        )
        assert Event.objects.filter(name="connected", actor_id=homeowner.pk).count() == 1

    def test_stores_what_lunar_granted_and_not_what_was_asked(self, client, sandbox, homeowner):
        client.force_login(homeowner)

        go_through_lunar(client, ticked=EVERYTHING, granted=[scopes.DEVICE_READ])

        assert models.Connection.objects.get().scope_set == {scopes.DEVICE_READ}

    def test_connects_again_with_the_scopes_chosen_now(self, client, sandbox, homeowner, connect):
        old = connect(homeowner, granted=EVERYTHING)
        replaced = old.refresh_token()
        client.force_login(homeowner)

        go_through_lunar(client, ticked=READING)

        now = models.Connection.objects.get()
        assert (now.pk, now.scope_set) == (old.pk, set(READING))
        assert now.version > old.version and now.refresh_token() != replaced
        assert is_over(sandbox, replaced)

    def test_connects_who_signed_in_meanwhile_instead_of_switching_people(self, client, sandbox, homeowner):
        way_back = sign_in_at_lunar(leave(client))
        client.force_login(homeowner)

        client.get(way_back, follow=True)

        assert models.Connection.objects.get().user == homeowner
        assert client.session["_auth_user_id"] == str(homeowner.pk)

    @pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "x" * 5000])
    def test_keeps_no_time_zone_that_does_not_exist(self, client, sandbox, homeowner, zone):
        client.force_login(homeowner)

        go_through_lunar(client, time_zone=zone)

        assert models.Connection.objects.get().time_zone == ""


class TestAStranger:
    def test_is_refused_and_changes_nothing_of_the_owners(
        self, client, sandbox, homeowner, neighbor, connect
    ):
        connect(homeowner)
        before = models.Connection.objects.values().get(), SocialAccount.objects.values().get()
        client.force_login(neighbor)

        page = go_through_lunar(client, ticked=EVERYTHING)

        assert "already connected by another person" in page.text
        assert (models.Connection.objects.values().get(), SocialAccount.objects.values().get()) == before
        assert Event.objects.filter(name="connection_refused", actor_id=neighbor.pk).count() == 1

    def test_takes_fresh_tokens_away_that_are_ended_at_lunar(
        self, client, sandbox, homeowner, neighbor, connect
    ):
        kept = connect(homeowner).refresh_token()
        client.force_login(neighbor)

        go_through_lunar(client)

        assert sandbox.calls("oauthRevoke") == 1
        assert not models.Pending.objects.exists() and not models.Revocation.objects.exists()
        assert sandbox.pool.refresh(kept)["access_token"]


class TestComingBackAsSomebodyNew:
    def test_asks_for_the_address_proves_it_and_then_connects(self, client, sandbox):
        page = go_through_lunar(client, time_zone="Europe/Berlin")
        assert page.redirect_chain[-1][0] == "/accounts/3rdparty/signup/"
        assert "Lunar does not tell us your e-mail address" in page.text

        client.post("/accounts/3rdparty/signup/", {"email": "New@Portal.example"}, follow=True)
        assert not models.Connection.objects.exists() and not SocialAccount.objects.exists()

        page = client.post("/accounts/confirm-email/", {"code": code_from_mail()}, follow=True)
        connection = models.Connection.objects.get()
        assert connection.user == User.objects.get(email="new@portal.example")
        assert (connection.time_zone, connection.account.user) == ("Europe/Berlin", connection.user)
        assert "Your Lunar account is connected." in page.text
        assert not models.Pending.objects.exists()

    def test_is_refused_when_another_finished_first_with_the_same_lunar_account(self, sandbox):
        first, second, codes = Client(), Client(), {}
        for client in (first, second):
            go_through_lunar(client)
            email = f"new{len(codes)}@portal.example"
            client.post("/accounts/3rdparty/signup/", {"email": email}, follow=True)
            codes[client] = code_from_mail()
        first.post("/accounts/confirm-email/", {"code": codes[first]})
        before = models.Connection.objects.values().get()

        page = second.post("/accounts/confirm-email/", {"code": codes[second]}, follow=True)

        assert "already connected by another person" in page.text
        assert models.Connection.objects.values().get() == before
        assert not models.Pending.objects.exists() and sandbox.calls("oauthRevoke") == 1

    def test_gets_no_way_into_somebody_elses_address(self, client, sandbox, homeowner):
        go_through_lunar(client)

        client.post("/accounts/3rdparty/signup/", {"email": homeowner.email}, follow=True)

        assert "_auth_user_id" not in client.session
        assert "You already have one" in mail.outbox[-1].body
        assert not SocialAccount.objects.exists() and not models.Connection.objects.exists()

    def test_who_never_proved_the_address_cannot_walk_in_later(self, client, sandbox):
        go_through_lunar(client)
        client.post("/accounts/3rdparty/signup/", {"email": "victim@portal.example"}, follow=True)
        victim = Client()
        victim.post("/accounts/login/", {"login": "victim@portal.example"})
        victim.post("/accounts/login/code/confirm/", {"code": code_from_mail()})
        assert "_auth_user_id" in victim.session

        attacker = Client()
        go_through_lunar(attacker)

        assert "_auth_user_id" not in attacker.session
        assert not models.Connection.objects.exists()


class TestComingBackKnown:
    def test_signs_in(self, client, sandbox, homeowner, connect):
        connect(homeowner)

        go_through_lunar(client)

        assert client.session["_auth_user_id"] == str(homeowner.pk)
        assert User.objects.count() == 1

    def test_does_not_lose_a_permission_by_signing_in_with_fewer(self, client, sandbox, homeowner, connect):
        kept = connect(homeowner, granted=EVERYTHING)

        go_through_lunar(client, ticked=READING)

        now = models.Connection.objects.get()
        assert now.scope_set == set(EVERYTHING) and now.refresh_token() == kept.refresh_token()
        assert sandbox.calls("oauthRevoke") == 1
        assert sandbox.pool.refresh(kept.refresh_token())["access_token"]

    def test_mends_a_connection_that_lunar_had_ended(self, client, sandbox, homeowner, connect):
        broken = connect(homeowner, granted=EVERYTHING)
        models.Connection.objects.filter(pk=broken.pk).update(status="reconnect")

        go_through_lunar(client, ticked=READING)

        now = models.Connection.objects.get()
        assert (now.status, now.scope_set) == ("active", set(READING))

    def test_stays_out_while_suspended(self, client, sandbox, homeowner, connect):
        connect(homeowner)
        User.objects.update(is_active=False)

        page = go_through_lunar(client)

        assert page.status_code == 200 and "_auth_user_id" not in client.session


def is_over(sandbox, refresh_token):
    try:
        sandbox.pool.refresh(refresh_token)
    except Exception as denied:
        return getattr(denied, "error", "") == "invalid_grant"
    return False
