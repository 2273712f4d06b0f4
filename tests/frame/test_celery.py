"""Waking tasks, and a worker that loses its broker."""

import pytest
from celery import shared_task

from gridshare_portal import celery as portal_celery

woken = []


@shared_task(name="tests.note")
def note(word):
    woken.append(word)


class TestWaking:
    def test_happens_after_commit(self, django_capture_on_commit_callbacks, db):
        woken.clear()
        with django_capture_on_commit_callbacks(execute=True):
            portal_celery.wake(note, "now")
            assert woken == []

        assert woken == ["now"]

    def test_does_not_raise_or_wait_without_a_broker(self, settings, db, django_capture_on_commit_callbacks):
        settings.CELERY_TASK_ALWAYS_EAGER = False

        class Unreachable:
            name = "unreachable"

            def apply_async(self, _args):
                raise ConnectionRefusedError

        with django_capture_on_commit_callbacks(execute=True):
            portal_celery.wake(Unreachable(), 1)

        assert portal_celery._messenger.is_alive()


class TestAWorkerThatLosesRedis:
    def test_puts_nothing_back_through_the_lost_connection(self):
        with portal_celery.app.connection_for_read() as connection:
            assert not connection.transport.Channel.do_restore

    @pytest.mark.parametrize("what", ["ack", "reject"])
    def test_acknowledges_nothing_through_the_lost_connection(self, what):
        with portal_celery.app.connection_for_read() as connection:
            channel = connection.channel()
            received = channel.qos
            channel.close()
            channel.connection = None

            getattr(received, what)("a message")

    def test_does_not_give_up_however_long_it_is_away_or_full(self):
        kept = portal_celery.app.conf

        assert kept.broker_connection_max_retries is None
        assert kept.broker_channel_error_retry and kept.broker_connection_retry
