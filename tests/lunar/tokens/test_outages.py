"""What each way of Lunar saying no does to a connection, and that an outage ends none."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.utils import timezone

from gridshare_portal import seal
from gridshare_portal.audit.models import Event
from gridshare_portal.lunar import connections, models
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import outages
from gridshare_portal.lunar.tokens import refresh as tokens_refresh
from tests.lunar.conftest import EVERYTHING, expire, new_user

pytestmark = pytest.mark.django_db(transaction=True)


class TestAnEndedGrant:
    def test_ends_the_connection_once_and_says_so_once(self, connection, sandbox, homeowner):
        heard = []
        listen = lambda connection, forget, **_: heard.append((connection.status, forget))  # noqa: E731
        connections.signals.ended.connect(listen)
        sandbox.faults.switch_on("oauthToken", "invalid_grant")
        expire(connection)
        for _ in range(3):
            with pytest.raises(tokens_refresh.ReconnectRequired):
                tokens_refresh.access_token(connection.pk)
        connections.signals.ended.disconnect(listen)

        row = models.Connection.objects.get()
        assert (row.status, row.access_sealed, row.refresh_sealed) == ("reconnect", "", "")
        assert [message.to for message in mail.outbox] == [[homeowner.email]]
        assert "/connect/" in mail.outbox[0].body
        assert Event.objects.filter(name="connection_ended", subject_id=homeowner.pk).count() == 1
        assert heard == [("reconnect", False)] and sandbox.calls("oauthToken") == 1

    def test_does_not_end_one_that_was_renewed_meanwhile(
        self, connection, sandbox, homeowner, connect, monkeypatch
    ):
        expire(connection)

        def over(*_, **__):
            connect(homeowner, granted=EVERYTHING)
            raise cognito.GrantEnded("invalid_grant")

        monkeypatch.setattr(cognito, "refresh", over)
        fresh = tokens_refresh.access_token(connection.pk)

        row = models.Connection.objects.get()
        assert (row.status, row.access_token()) == ("active", fresh) and mail.outbox == []

    def test_stops_ending_connections_when_too_many_end_at_once(self, connect, sandbox):
        rows = [connect(new_user(f"user{n}@portal.example"), username=name) for n, name in enumerate(NAMES)]
        sandbox.faults.switch_on("oauthToken", "invalid_grant")
        refusals = []
        for row in rows:
            expire(row)
            with pytest.raises((tokens_refresh.ReconnectRequired, tokens_refresh.Misconfigured)) as refusal:
                tokens_refresh.access_token(row.pk)
            refusals.append(refusal.type)

        assert refusals == [tokens_refresh.ReconnectRequired] * 5 + [tokens_refresh.Misconfigured]
        assert models.Connection.objects.filter(status="active").count() == 1
        assert models.Outage.objects.get().name == outages.GRANTS

    def test_is_believed_where_lunar_hands_out_tokens_in_between(self, connect, sandbox):
        rows = [connect(new_user(f"user{n}@portal.example"), username=name) for n, name in enumerate(NAMES)]
        for row in rows[1:]:
            expire(row)
            expire(rows[0])
            tokens_refresh.access_token(rows[0].pk)
            sandbox.faults.switch_on("oauthToken", "invalid_grant", times=1)
            with pytest.raises(tokens_refresh.ReconnectRequired):
                tokens_refresh.access_token(row.pk)
        sandbox.faults.switch_on("oauthToken", "invalid_grant", times=1)
        expire(rows[0])
        with pytest.raises(tokens_refresh.ReconnectRequired):
            tokens_refresh.access_token(rows[0].pk)

        assert models.Connection.objects.filter(status="reconnect").count() == len(NAMES)
        assert len(mail.outbox) == len(NAMES)

    def test_is_believed_a_little_at_a_time_after_an_hour_of_doubt(self, connect, sandbox):
        rows = [connect(new_user(f"user{n}@portal.example"), username=name) for n, name in enumerate(NAMES)]
        sandbox.faults.switch_on("oauthToken", "invalid_grant")
        hour_ago = timezone.now() - outages.SUSPECTED_FOR - timedelta(seconds=1)
        outages.begin(name=outages.GRANTS, reason="invalid_grant", now=hour_ago)
        told = []
        for row in rows:
            expire(row)
            with pytest.raises((tokens_refresh.ReconnectRequired, tokens_refresh.Misconfigured)) as refusal:
                tokens_refresh.access_token(row.pk)
            told.append(refusal.type)
        assert told == [tokens_refresh.ReconnectRequired] + [tokens_refresh.Misconfigured] * (len(NAMES) - 1)

        for row in rows[1:]:
            models.Outage.objects.update(probe_at=timezone.now())
            with pytest.raises(tokens_refresh.ReconnectRequired):
                tokens_refresh.access_token(row.pk)
        assert len(mail.outbox) == len(NAMES)

    def test_lets_go_of_an_outage_when_lunar_hands_out_tokens_again(self, connect, sandbox, homeowner):
        row = connect(homeowner)
        past = timezone.now() - timedelta(minutes=1)
        outages.begin(name=outages.GRANTS, reason="invalid_grant", now=past)
        expire(row)

        tokens_refresh.access_token(row.pk)

        assert not models.Outage.objects.exists()


NAMES = ["ada", "ben", "cleo", "dev", "eve", "finn"]


class TestAFaultOfOurs:
    def test_touches_no_connection_and_asks_no_more_for_a_while(self, connection, sandbox, connect, neighbor):
        other = connect(neighbor, username="ben")
        sandbox.faults.switch_on("oauthToken", "invalid_client")
        expire(connection)
        expire(other)
        for pk in (connection.pk, other.pk, connection.pk):
            with pytest.raises(tokens_refresh.Misconfigured):
                tokens_refresh.access_token(pk)

        assert sandbox.calls("oauthToken") == 1
        assert set(models.Connection.objects.values_list("status", "failures", "lease_owner")) == {
            ("active", 0, "")
        }
        assert Event.objects.filter(name="refresh_paused").count() == 1

    def test_is_probed_by_one_at_a_time(self, connection, sandbox):
        now = timezone.now()
        outages.begin(name=outages.CLIENT, reason="invalid_client", now=now - timedelta(minutes=1))

        assert [outages.admits(now=now) for _ in range(3)] == [True, False, False]

    def test_does_not_stop_a_token_that_still_works(self, connection, sandbox):
        outages.begin(name=outages.CLIENT, reason="invalid_client", now=timezone.now())
        expire(connection, access=False)

        assert tokens_refresh.access_token(connection.pk) == connection.access_token()

    def test_may_be_a_lost_key(self, connection, sandbox, settings, caplog):
        expire(connection)
        settings.TOKEN_KEYS = [Fernet.generate_key().decode()]

        with pytest.raises(seal.SecretUnreadable):
            tokens_refresh.access_token(connection.pk)

        row = models.Connection.objects.get()
        assert (row.status, row.refresh_sealed, row.lease_owner) == ("active", connection.refresh_sealed, "")
        assert "TOKEN_KEYS" in caplog.text
