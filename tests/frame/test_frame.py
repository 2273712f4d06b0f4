"""The frame around the rooms: headers, logs, health, static packages and the waking of tasks."""

import json
import logging

import pytest
from celery import shared_task
from django.contrib.staticfiles import finders
from django.db import connection

from gridshare_portal import celery as portal_celery
from gridshare_portal import logs

woken = []


@shared_task(name="tests.note")
def note(word):
    woken.append(word)


class TestHeaders:
    def test_keep_others_from_embedding_pages(self, client):
        page = client.get("/healthz")

        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]


class TestHealth:
    @pytest.mark.django_db
    def test_is_ready_with_a_database(self, client):
        assert client.get("/readyz").status_code == 200

    @pytest.mark.django_db
    def test_is_not_ready_without(self, client, monkeypatch):
        def refuse(*_args, **_options):
            from django.db import OperationalError

            raise OperationalError("gone")

        monkeypatch.setattr(connection, "cursor", refuse)

        page = client.get("/readyz")

        assert page.status_code == 503
        assert b"gone" not in page.content


class TestLogLines:
    def test_are_one_line_of_json_whatever_is_said(self):
        record = logging.LogRecord("room", logging.INFO, "", 1, "a\r\nb %s", ("c\u2028d",), None)

        line = logs.JsonLine().format(record)

        assert "\n" not in line and "\u2028" not in line
        assert json.loads(line)["says"] == "a\r\nb c\u2028d"


class TestThePackageFinder:
    def test_serves_the_listed_files_and_no_other(self):
        assert finders.find("vendor/uplot/uPlot.min.css").endswith("uplot/dist/uPlot.min.css")
        assert finders.find("vendor/uplot/uPlot.d.ts") is None


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
