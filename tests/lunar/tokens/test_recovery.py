"""A refresh that was started and whose end nobody kept is repeated with the old token, within its grace."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from gridshare_portal.lunar import connections, models, tasks
from gridshare_portal.lunar.login import calls, cognito
from gridshare_portal.lunar.tokens import refresh
from gridshare_portal.runs import tasks as runs
from gridshare_portal.sites.reading import fetching as reading
from gridshare_portal.telemetry import tasks as telemetry
from tests.lunar.conftest import expire

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    pass


@pytest.fixture
def rotating(sandbox):
    sandbox.pool.rotate, sandbox.pool.grace_s = True, 60
    return sandbox


@pytest.fixture
def killed(connection, rotating, monkeypatch):
    """Kill a caller after Lunar answered and before anything was kept; its lease ran out."""

    def killed(after_answer=True):
        def die(*args, **kwargs):
            if after_answer:
                real(*args, **kwargs)
            raise Killed

        real = cognito.refresh
        expire(connection)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(cognito, "refresh", die)
            refresh.access_token(connection.pk)
        models.Connection.objects.update(lease_until_at=timezone.now() - timedelta(seconds=1))

    return killed


class TestARefreshThatWasStarted:
    def test_is_written_down_before_it_is_sent(self, connection, sandbox, monkeypatch):
        seen, real = [], cognito.refresh

        def noting(*args, **kwargs):
            seen.append(models.Connection.objects.get().refresh_started_at)
            return real(*args, **kwargs)

        monkeypatch.setattr(cognito, "refresh", noting)
        expire(connection)
        refresh.access_token(connection.pk)

        assert seen[0] is not None
        assert models.Connection.objects.get().refresh_started_at is None

    @pytest.mark.parametrize("after_answer", [True, False])
    def test_is_repeated_by_the_sweep_when_its_caller_was_killed(self, killed, rotating, after_answer):
        killed(after_answer=after_answer)
        assert len(refresh.unfinished(now=timezone.now())) == 1
        tasks.finish_refreshes()

        row = models.Connection.objects.get()
        assert (row.status, row.refresh_started_at, row.lease_owner) == ("active", None, "")
        assert rotating.pool.claims(row.access_token())
        assert refresh.unfinished(now=timezone.now()) == []

    def test_is_repeated_by_whoever_comes_first_though_the_old_token_would_do(self, killed, connection):
        killed()
        models.Connection.objects.update(
            access_expires_at=timezone.now() + timedelta(hours=1),
            refresh_due_at=timezone.now() + timedelta(hours=1),
        )

        assert refresh.access_token(connection.pk) != connection.access_token()

    def test_is_repeated_when_its_answer_was_lost(self, connection, rotating):
        rotating.faults.switch_on("oauthToken", "lost_reply", times=1)
        expire(connection)
        with pytest.raises(refresh.Transient):
            refresh.access_token(connection.pk)
        tasks.finish_refreshes()

        row = models.Connection.objects.get()
        assert row.refresh_started_at is None and row.refresh_token() != connection.refresh_token()

    def test_waits_for_its_next_try(self, killed):
        killed()
        models.Connection.objects.update(retry_at=timezone.now() + timedelta(seconds=20))

        assert refresh.unfinished(now=timezone.now()) == []
        assert len(refresh.unfinished(now=timezone.now() + timedelta(seconds=21))) == 1

    def test_is_left_alone_while_another_is_at_it(self, killed, rotating):
        killed()
        models.Connection.objects.update(lease_until_at=timezone.now() + refresh.LEASE)
        before = rotating.calls("oauthToken")
        tasks.finish_refreshes()

        assert rotating.calls("oauthToken") == before

    def test_is_swept_no_longer_once_no_login_would_honor_the_old_token(self, killed):
        killed()

        later = timezone.now() + refresh.RECOVERED_WITHIN + timedelta(seconds=1)
        assert refresh.unfinished(now=later) == []

    def test_of_a_login_without_grace_ends_one_connection_and_says_so(self, killed, rotating):
        rotating.pool.grace_s = 0
        killed()
        tasks.finish_refreshes()

        row = models.Connection.objects.get()
        assert (row.status, row.refresh_started_at) == ("reconnect", None)

    def test_is_over_when_the_homeowner_ends_the_connection(self, killed):
        killed()
        row = models.Connection.objects.get()
        connections.disconnect(connection=row, actor=row.user, forget_readings=False, now=timezone.now())

        assert refresh.unfinished(now=timezone.now()) == []
        assert models.Connection.objects.get().refresh_started_at is None


def test_a_lease_outlives_the_call_and_leaves_two_tries_within_the_shortest_usual_grace():
    sweep_s = settings.CELERY_BEAT_SCHEDULE["unfinished-refreshes"]["schedule"]
    longest_s = max(telemetry.SECONDS, reading.SECONDS, runs.TASK_S)  # before a worker is free
    assert refresh.LEASE.total_seconds() > calls.DEADLINE_S + 2
    assert 2 * (refresh.LEASE.total_seconds() + sweep_s + longest_s) < 60
