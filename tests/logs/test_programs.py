"""The programs that the Procfile names, while nothing goes well: every line is JSON, and none holds a secret."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import kombu
import psutil
import pytest
import requests

from gridshare_portal import celery  # noqa: F401  # its signals name what is sent
from gridshare_portal.celery import app
from gridshare_portal.demo import supervisor
from gridshare_portal.logs import programs
from gridshare_portal.lunar import tasks
from gridshare_portal.outbound import request_id
from tests import environment
from tests.logs.test_reporting import events, listening
from tests.portal import PATIENCE_S, free_port

ROOT = Path(__file__).resolve().parents[2]
WOKEN_BY = "feedfeedfeedfeed"
SECRET = "Zx9" + "wv8" * 14


def commands():
    """Return the Procfile's commands by name."""
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


class Programs:
    """Web, worker and beat on an empty database, so that each of them meets errors."""

    def __init__(self, folder, reports):
        self.folder, self.port, self.redis = folder, free_port(), environment.start_redis()
        given = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "REDIS_URL": self.redis,
            "DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'empty.sqlite3'}",
            "BEAT_FILE": str(folder / "beat-schedule"),
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
            "WORKERS": "1",
            "LOG_LEVEL": "INFO",
            "TASKS_IN_PLACE": "0",
            "SENTRY_DSN": reports,
        }
        self.environment = {**os.environ, **given}
        self.children = {name: self._start(name) for name in ("web", "worker", "beat")}

    def _start(self, name):
        with open(self.folder / name, "w") as said:
            return subprocess.Popen(
                ["sh", "-c", f"exec {commands()[name]}"], cwd=ROOT, env=self.environment, stdout=said, stderr=said,
                stdin=subprocess.DEVNULL, preexec_fn=supervisor.end_with_parent,
            )  # fmt: skip

    def said(self, name):
        return (self.folder / name).read_text()

    def wait(self, name, words):
        until = time.monotonic() + PATIENCE_S
        while not re.search(words, self.said(name)):
            assert self.children[name].poll() is None and time.monotonic() < until, self.said(name)
            time.sleep(0.05)

    def get(self, path, **options):
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=30, **options)

    def wake(self):
        """Wake a task of the worker, as a page does."""
        address = self.redis.replace("unix://", "redis+socket://") + "?virtual_host=0"
        broker = kombu.Connection(address, transport_options={"global_keyprefix": "portal:"})
        with broker, request_id.during(WOKEN_BY):
            app.send_task(tasks.finish_refreshes.name, queue="interactive", connection=broker)

    def end(self):
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(20)
            child.kill()


def reported(service, name):
    """Wait until an error that names this request has arrived."""
    until = time.monotonic() + PATIENCE_S
    while not any(name in body for _head, body in list(service.envelopes)):
        assert time.monotonic() < until, f"nothing of {name} was reported"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the programs said, from their start to their end."""
    with listening() as (service, address):
        running = Programs(tmp_path_factory.mktemp("programs"), address)
        try:
            running.wait("web", "Started worker")
            running.get("/healthz")
            cookies = {"session": SECRET}
            running.page = running.get(f"/invitations/{SECRET}/?code={SECRET}", cookies=cookies)
            running.too_long = [
                running.get("/healthz", headers={"X-Long": "x" * 40_000}).status_code,
                running.get(f"/healthz?{'x' * 40_000}").status_code,
                running.get(f"/healthz?{'x' * 8_000}", headers={"X-Long": "x" * 8_000}).status_code,
            ]
            running.wait("worker", "ready")
            running.wake()
            running.wait("worker", f"{WOKEN_BY}.*raised unexpected")
            reported(service, WOKEN_BY)  # by the worker's child, which is killed next
            [child] = psutil.Process(running.children["worker"].pid).children()
            child.kill()
            running.wait("worker", "signal 9")
            running.wait("beat", "Starting")
        finally:
            running.end()
        running.reports = events(service)
    return running


@pytest.mark.programs
@pytest.mark.filterwarnings("ignore::celery.exceptions.AlwaysEagerIgnored")  # of this process
class TestThePrograms:
    @pytest.mark.parametrize("name", ["web", "worker", "beat"])
    def test_say_nothing_but_lines_of_json(self, ran, name):
        lines = [json.loads(line) for line in ran.said(name).splitlines()]

        assert len(lines) > 0
        assert all({"at", "level", "from", "says"} <= line.keys() for line in lines)
        assert SECRET not in ran.said(name)

    def test_refuse_a_head_that_is_too_long(self, ran):
        *refused, answered = ran.too_long

        assert set(refused) <= {414, 431} and answered == 200

    def test_name_the_request_on_its_page_in_its_lines_and_in_its_report(self, ran):
        name = ran.page.headers["X-Request-ID"]
        said = [json.loads(line) for line in ran.said("web").splitlines() if name in line]

        assert ran.page.status_code == 500 and name in ran.page.text
        assert {"GET /invitations/[redacted]/", "Internal Server Error: /invitations/[redacted]/"} <= {
            line["says"] for line in said
        }
        assert name in {report["tags"]["request_id"] for report in ran.reports}
        assert SECRET not in json.dumps(ran.reports)

    def test_name_it_in_the_tasks_that_it_woke(self, ran):
        [failed] = [
            line
            for line in ran.said("worker").splitlines()
            if "raised unexpected" in line and WOKEN_BY in line
        ]

        assert "OperationalError" in json.loads(failed)["trace"]
        assert WOKEN_BY in {report["tags"]["request_id"] for report in ran.reports}


class TestWhatNobodyCatches:
    @pytest.fixture(autouse=True)
    def hooks(self, monkeypatch):
        monkeypatch.setattr(sys, "excepthook", programs._uncaught)
        monkeypatch.setattr(threading, "excepthook", programs._ended_a_thread)
        monkeypatch.setattr(sys, "unraisablehook", programs._unraisable)

    @staticmethod
    def broken():
        raise ValueError(f"token={SECRET}")

    def test_is_a_line_where_it_ends_the_program(self, lines):
        try:
            self.broken()
        except ValueError:
            sys.excepthook(*sys.exc_info())

        [line] = lines.parsed()
        assert line["level"] == "CRITICAL" and "in broken" in line["trace"] and SECRET not in str(line)

    def test_is_a_line_where_it_ends_a_thread(self, lines):
        aside = threading.Thread(target=self.broken, name="aside")
        aside.start()
        aside.join()

        [line] = lines.parsed()
        assert line["says"] == "an error ended aside" and "in broken" in line["trace"]

    def test_is_a_line_where_it_could_not_be_raised(self, lines):
        class Ends:
            def __del__(self):
                TestWhatNobodyCatches.broken()

        Ends()

        assert "in broken" in lines.parsed()[0]["trace"]
