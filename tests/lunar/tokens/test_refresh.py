"""A fresh token, fetched once, whoever asks for it at the same moment."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from gridshare_portal.lunar import connections, models
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import refresh as tokens_refresh
from tests.lunar.conftest import EVERYTHING, expire

pytestmark = pytest.mark.django_db(transaction=True)
PASSING = [
    "server_error",
    "bad_gateway_html",
    "truncated",
    "too_many",
    "lost_reply",
    "unavailable",
    "html_page",
]


def together(count, work):
    """Run `work` in many threads that start at once; return what each returned or raised."""
    barrier, outcomes = threading.Barrier(count), []

    def run():
        barrier.wait()
        try:
            outcomes.append(work())
        except Exception as failure:
            outcomes.append(failure)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


class TestAFreshToken:
    def test_is_the_stored_one_while_it_lasts(self, connection, sandbox):
        assert tokens_refresh.access_token(connection.pk) == connection.access_token()
        assert sandbox.calls("oauthToken") == 0

    def test_is_fetched_when_the_old_one_ends_soon(self, connection, sandbox):
        old = connection.access_token()
        expire(connection)

        fresh = tokens_refresh.access_token(connection.pk)

        assert fresh != old and sandbox.pool.claims(fresh)
        assert tokens_refresh.access_token(connection.pk) == fresh and sandbox.calls("oauthToken") == 1

    def test_keeps_the_refresh_token_when_none_comes_along(self, connection, sandbox):
        expire(connection)
        tokens_refresh.access_token(connection.pk)

        assert models.Connection.objects.get().refresh_token() == connection.refresh_token()

    def test_keeps_a_new_refresh_token_when_lunar_rotates(self, connection, sandbox):
        sandbox.pool.rotate, sandbox.pool.grace_s = True, 0
        for _ in range(3):
            expire(connection)
            tokens_refresh.access_token(connection.pk)

        assert models.Connection.objects.get().refresh_token() != connection.refresh_token()

    def test_is_fetched_when_the_api_refused_the_old_one_though_it_seems_good(self, connection, sandbox):
        refused = connection.access_token()
        assert tokens_refresh.access_token(connection.pk, stale=refused) != refused

    def test_is_fetched_once_for_all_who_were_refused_the_same(self, connection, sandbox):
        stale = connection.access_token()

        fresh = {tokens_refresh.access_token(connection.pk, stale=stale) for _ in range(5)}

        assert len(fresh) == 1 and stale not in fresh and sandbox.calls("oauthToken") == 1

    def test_of_short_life_is_not_fetched_for_every_call(self, connection, sandbox):
        sandbox.pool.access_token_s = 300
        expire(connection)
        tokens_refresh.access_token(connection.pk)
        tokens_refresh.access_token(connection.pk)

        assert sandbox.calls("oauthToken") == 1

    def test_needs_a_connection(self, db):
        with pytest.raises(tokens_refresh.ReconnectRequired):
            tokens_refresh.access_token(4711)


class TestManyCallersAtOnce:
    @pytest.mark.parametrize("rotate", [False, True])
    def test_cost_one_call_and_lose_nothing(self, connection, sandbox, rotate):
        sandbox.pool.rotate, sandbox.pool.grace_s = rotate, 0
        sandbox.faults.switch_on("oauthToken", "latency", ms=300)
        expire(connection)

        outcomes = together(18, lambda: tokens_refresh.access_token(connection.pk))

        assert len(set(outcomes)) == 1 and isinstance(outcomes[0], str)
        assert sandbox.calls("oauthToken") == 1
        assert models.Connection.objects.get().status == "active"

    def test_are_answered_with_the_old_token_while_it_lasts(self, connection, sandbox):
        expire(connection, access=False)
        holder = {"lease_owner": "somebody", "lease_until_at": timezone.now() + timedelta(seconds=20)}
        models.Connection.objects.update(**holder)

        assert tokens_refresh.access_token(connection.pk) == connection.access_token()

    def test_do_not_wait_for_ever(self, connection, sandbox):
        holder = {"lease_owner": "somebody", "lease_until_at": timezone.now() + timedelta(seconds=20)}
        expire(connection, **holder)

        with pytest.raises(tokens_refresh.Busy):
            tokens_refresh.access_token(connection.pk, wait_s=0.3)

    def test_take_over_from_one_that_died(self, connection, sandbox):
        holder = {"lease_owner": "dead", "lease_until_at": timezone.now() - timedelta(seconds=1)}
        expire(connection, **holder)

        assert sandbox.pool.claims(tokens_refresh.access_token(connection.pk))


class TestAnythingElse:
    @pytest.mark.parametrize("kind", PASSING)
    def test_passes(self, connection, sandbox, kind):
        sandbox.faults.switch_on("oauthToken", kind, times=1)
        expire(connection)

        with pytest.raises(tokens_refresh.Transient):
            tokens_refresh.access_token(connection.pk)

        row = models.Connection.objects.get()
        assert (row.status, row.failures, row.lease_owner) == ("active", 1, "")
        assert sandbox.pool.claims(tokens_refresh.access_token(connection.pk))

    @pytest.mark.parametrize("kind", PASSING)
    def test_leaves_the_old_token_in_use_until_it_expires(self, connection, sandbox, kind):
        sandbox.faults.switch_on("oauthToken", kind)
        expire(connection, access=False)

        assert tokens_refresh.access_token(connection.pk) == connection.access_token()

    def test_is_tried_less_and_less(self, connection, sandbox):
        sandbox.faults.switch_on("oauthToken", "server_error")
        expire(connection)
        for _ in range(40):
            with pytest.raises(tokens_refresh.Transient):
                tokens_refresh.access_token(connection.pk)

        assert sandbox.calls("oauthToken") < 15

    def test_of_a_lost_reply_is_mended_inside_the_grace(self, connection, sandbox):
        sandbox.pool.rotate, sandbox.pool.grace_s = True, 60
        sandbox.faults.lose_reply_to("oauthToken", times=1)
        expire(connection)
        with pytest.raises(tokens_refresh.Transient):
            tokens_refresh.access_token(connection.pk)

        assert sandbox.pool.claims(tokens_refresh.access_token(connection.pk))


class TestALateAnswer:
    @pytest.fixture
    def late(self, connection, sandbox, monkeypatch):
        """Let something happen while Lunar is asked."""
        sandbox.pool.rotate, sandbox.pool.grace_s = True, 60
        expire(connection)
        asked, answers = cognito.refresh, []

        def during(happening):
            def refresh(*arguments, **options):
                answers.append(asked(*arguments, **options))
                monkeypatch.setattr(cognito, "refresh", asked)
                happening()
                return answers[0]

            monkeypatch.setattr(cognito, "refresh", refresh)
            return answers

        return during

    def test_is_dropped_and_ended_when_the_owner_disconnected(self, connection, homeowner, sandbox, late):
        now = timezone.now()
        end = {"connection": connection, "actor": homeowner, "forget_readings": False, "now": now}
        late(lambda: connections.disconnect(**end))

        with pytest.raises(tokens_refresh.ReconnectRequired):
            tokens_refresh.access_token(connection.pk)

        assert models.Connection.objects.get().refresh_sealed == ""
        assert sandbox.calls("oauthRevoke") == 2 and not models.Revocation.objects.exists()

    def test_is_dropped_when_the_owner_connected_again(self, connection, homeowner, connect, sandbox, late):
        answers = late(lambda: connect(homeowner, granted=EVERYTHING))

        fresh = tokens_refresh.access_token(connection.pk)

        row = models.Connection.objects.get()
        assert fresh == row.access_token() != answers[0].access
        assert row.scope_set == set(EVERYTHING) and sandbox.calls("oauthRevoke") == 2
        assert sandbox.pool.refresh(row.refresh_token())["access_token"]

    def test_of_a_lease_that_ran_out_does_not_end_its_sibling(self, connection, sandbox, late):
        def sibling():
            models.Connection.objects.update(lease_until_at=timezone.now() - timedelta(seconds=1))
            tokens_refresh.access_token(connection.pk)

        late(sibling)
        tokens_refresh.access_token(connection.pk)

        row = models.Connection.objects.get()
        assert sandbox.calls("oauthRevoke") == 0
        assert sandbox.pool.refresh(row.refresh_token())["access_token"]
