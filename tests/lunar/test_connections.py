"""Disconnecting, and what becomes of tokens that nobody may keep."""

from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from gridshare_portal import seal
from gridshare_portal.audit.models import Event
from gridshare_portal.lunar import connections, models, signals, tasks
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import pending as tokens_pending
from gridshare_portal.lunar.tokens import revocations
from tests.lunar.conftest import EVERYTHING

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard():
    """What other rooms were told."""
    told = []

    def on_ended(connection, forget, **_):
        told.append(("ended", connection.status, forget))

    def on_connected(connection, **_):
        told.append(("connected", connection.status))

    signals.ended.connect(on_ended)
    signals.connected.connect(on_connected)
    yield told
    signals.ended.disconnect(on_ended)
    signals.connected.disconnect(on_connected)


def disconnect(connection, actor, forget=False):
    return connections.disconnect(
        connection=connection, actor=actor, forget_readings=forget, now=timezone.now()
    )


def is_over(sandbox, refresh_token):
    with pytest.raises(Exception) as denied:
        sandbox.pool.refresh(refresh_token)
    return denied.value.error == "invalid_grant"


class TestConnecting:
    def test_is_heard_by_others(self, connect, homeowner, heard):
        connect(homeowner)

        assert heard == [("connected", "active")]

    def test_binds_the_tokens_to_their_row(self, connect, homeowner, neighbor):
        mine, other = connect(homeowner), connect(neighbor, username="ben")
        models.Connection.objects.filter(pk=mine.pk).update(refresh_sealed=other.refresh_sealed)

        with pytest.raises(seal.SecretUnreadable):
            models.Connection.objects.get(pk=mine.pk).refresh_token()

    def test_survives_a_change_of_the_issuer(self, connect, homeowner, sandbox):
        before = connect(homeowner)
        models.Connection.objects.update(issuer="https://the-issuer-before.example/pool")

        now = connect(homeowner)

        assert now.pk != before.pk and now.account.user == homeowner
        assert models.Connection.objects.get(pk=before.pk).account is None

    def test_works_once_per_arrival(self, sandbox, homeowner):
        now = timezone.now()
        pending = waiting(sandbox, now)
        connections.store(user=homeowner, key=pending.key, time_zone="", now=now)

        with pytest.raises(tokens_pending.Gone):
            connections.store(user=homeowner, key=pending.key, time_zone="", now=now)


class TestDisconnecting:
    @pytest.mark.parametrize("forget", [False, True])
    def test_forgets_the_tokens_ends_them_and_passes_the_choice_on(
        self, connect, homeowner, sandbox, heard, forget
    ):
        connection = connect(homeowner)
        refresh_token = connection.refresh_token()

        ended = disconnect(connection, homeowner, forget)

        row = models.Connection.objects.get()
        assert (row.status, row.access_sealed, row.refresh_sealed, row.account) == (
            "disconnected",
            "",
            "",
            None,
        )
        assert ended.pk == row.pk and heard[-1] == ("ended", "disconnected", forget)
        assert is_over(sandbox, refresh_token) and not models.Revocation.objects.exists()
        assert not SocialAccount.objects.exists()
        event = Event.objects.get(name="disconnected")
        assert (event.actor_id, event.details) == (homeowner.pk, {"forget_readings": forget})

    def test_works_for_who_has_no_password(self, connect, homeowner):
        assert not homeowner.has_usable_password()

        assert disconnect(connect(homeowner), homeowner).status == "disconnected"

    def test_twice_may_still_ask_to_forget_the_readings(self, connect, homeowner, heard):
        connection = connect(homeowner)
        disconnect(connection, homeowner)
        disconnect(connection, homeowner, forget=True)

        assert heard[1:] == [("ended", "disconnected", False), ("ended", "disconnected", True)]

    def test_sets_the_lunar_account_free_for_another_person(self, connect, homeowner, neighbor):
        disconnect(connect(homeowner), homeowner)

        assert connect(neighbor).status == "active"

    def test_can_be_undone_by_connecting_again(self, connect, homeowner):
        first = connect(homeowner)
        disconnect(first, homeowner)

        again = connect(homeowner, granted=EVERYTHING)

        assert (again.pk, again.status) == (first.pk, "active")

    def test_does_not_need_lunar_to_be_there(self, connect, homeowner, sandbox):
        connection = connect(homeowner)
        sandbox.faults.switch_on("oauthRevoke", "server_error")

        disconnect(connection, homeowner)

        assert models.Connection.objects.get().refresh_sealed == ""
        assert models.Revocation.objects.get().attempts == 1


class TestDeletingTheUser:
    def test_ends_the_tokens_and_the_readings(self, connect, homeowner, sandbox, heard):
        refresh_token = connect(homeowner).refresh_token()
        pk = homeowner.pk

        homeowner.delete()

        assert is_over(sandbox, refresh_token) and heard[-1] == ("ended", "active", True)
        assert not models.Connection.objects.exists() and not SocialAccount.objects.exists()
        assert Event.objects.get(name="disconnected").subject_id == pk


class TestTokensThatWait:
    def test_are_ended_when_nobody_fetches_them(self, sandbox):
        pending = waiting(sandbox, timezone.now() - timedelta(minutes=16))
        refresh_token = seal.unseal(pending.refresh_sealed, pending.context("refresh"))

        tasks.sweep()

        assert not models.Pending.objects.exists() and is_over(sandbox, refresh_token)

    def test_are_left_alone_meanwhile(self, sandbox):
        waiting(sandbox, timezone.now() - timedelta(minutes=14))

        tasks.sweep()

        assert models.Pending.objects.count() == 1 and sandbox.calls("oauthRevoke") == 0

    def test_are_nobodys_after_that(self, sandbox, homeowner):
        pending = waiting(sandbox, timezone.now() - timedelta(minutes=16))

        with pytest.raises(tokens_pending.Gone):
            connections.store(user=homeowner, key=pending.key, time_zone="", now=timezone.now())


class TestEndingATokenAtLunar:
    @pytest.mark.parametrize("kind", ["server_error", "lost_reply", "bad_gateway_html"])
    def test_is_tried_again_later(self, sandbox, db, kind):
        now = timezone.now()
        refresh_token = sandbox.pool.grant("ada")["refresh_token"]
        sandbox.faults.switch_on("oauthRevoke", kind, times=1)
        revocations.add(refresh_token=refresh_token, now=now)
        row = models.Revocation.objects.get()
        assert row.attempts == 1 and row.due_at > now

        assert revocations.carry_out(pk=row.pk, now=row.due_at)
        assert is_over(sandbox, refresh_token) and not models.Revocation.objects.exists()

    def test_is_not_tried_before_its_time_or_by_two(self, sandbox, db):
        now = timezone.now()
        sandbox.faults.switch_on("oauthRevoke", "server_error")
        revocations.add(refresh_token="x.y", now=now)
        pk = models.Revocation.objects.get().pk

        assert not revocations.carry_out(pk=pk, now=now) and sandbox.calls("oauthRevoke") == 1

    def test_is_tried_for_a_day_and_then_given_up(self, sandbox, db, caplog):
        now = timezone.now()
        sandbox.faults.switch_on("oauthRevoke", "server_error")
        revocations.add(refresh_token="x.y", now=now)
        while row := models.Revocation.objects.first():
            revocations.carry_out(pk=row.pk, now=row.due_at)
            assert row.due_at < now + timedelta(hours=48)

        assert row is None and 7 <= sandbox.calls("oauthRevoke") <= 12 and "could not be told" in caplog.text


def waiting(sandbox, now):
    granted = sandbox.pool.grant("ada")
    tokens = cognito.Tokens(
        access=granted["access_token"], refresh=granted["refresh_token"], expires_in_s=3600
    )
    pending = tokens_pending.keep(tokens=tokens, now=now)
    models.Pending.objects.update(sub="sub-of-ada", issuer=sandbox.issuer)
    return models.Pending.objects.get(pk=pending.pk)
