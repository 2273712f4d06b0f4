"""The whole portal as `make run` starts it, for tests that meet it from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg
import redis
import requests

from gridshare_portal.demo import __main__ as demo
from gridshare_portal.demo import stage, supervisor

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 240.0  # for a start on a machine that is busy with something else
OF_PORTALS = range(6, 16)  # Redis's own databases, beyond those of the suite's processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Portal:
    """The running demonstration, its pretended Lunar, and what can be asked of them."""

    def __init__(self, data: Path) -> None:
        self.port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.data = data
        self.process: subprocess.Popen | None = None

    def start(self, given: dict[str, str]) -> None:
        places = [
            "--port",
            str(self.port),
            "--sandbox-port",
            str(self.sandbox_port),
            "--data",
            str(self.data),
        ]
        self.said = open(self.data / "said.txt", "w")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gridshare_portal.demo", *places, "--faults", "--customers", "0"],
            cwd=ROOT, env=given, stdout=self.said, stderr=self.said, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_S
        while "Ctrl-C stops everything" not in self.output():
            assert self.process.poll() is None and time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.said.close()
        return status

    def output(self) -> str:
        return (self.data / "said.txt").read_text()

    def calls(self) -> dict[str, int]:
        return requests.get(f"{self.sandbox}/_sandbox/calls", timeout=5).json()

    def fault(self, operation: str, kind: str, **options: object) -> None:
        asked = {"operation": operation, "kind": kind, **options}
        assert requests.post(f"{self.sandbox}/_sandbox/faults", json=asked, timeout=5).ok

    def heal(self) -> None:
        assert requests.delete(f"{self.sandbox}/_sandbox/faults", timeout=5).ok


class Company(supervisor.Programs):
    """The demonstration's programs without their supervisor, so that one of them may die."""

    def __init__(self, data: Path, given: dict[str, str], *options: str) -> None:
        self.port, self.sandbox_port = free_port(), free_port()
        places = ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port), "--data", str(data)]
        self.stage = stage.Stage(demo.options([*places, "--faults", *options]), root=ROOT, surroundings=given)
        self.url = self.stage.url
        super().__init__(self.stage)

    def gather(self) -> None:
        self.redis = self.start("Redis", self.stage.redis())
        self.start("the sandbox", self.stage.sandbox())
        self.finish("preparing the database", self.stage.preparation())
        self.start("the web server", self.stage.web())
        self.start_worker()
        self.start("beat", self.stage.beat())
        self.until(lambda: requests.get(self.stage.url, timeout=5).ok)

    def manage(self, *command: str) -> None:
        """Run one of manage.py's commands to its end, where the programs run."""
        self.finish(command[0], [sys.executable, "manage.py", *command])

    def start_worker(self) -> None:
        self.worker = self.start("the worker", self.stage.worker())

    @staticmethod
    def until(holds, *, within_s: float = 60.0) -> None:
        deadline = time.monotonic() + within_s
        while True:
            with contextlib.suppress(requests.RequestException):
                if holds():
                    return
            assert time.monotonic() < deadline, "it did not come true in time"
            time.sleep(0.2)

    def kill(self, child: subprocess.Popen) -> None:
        """Kill a program and all that it started, as when the machine pulls the plug on it."""
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def control(self, method: str, what: str, **asked: object) -> requests.Response:
        address = f"http://127.0.0.1:{self.sandbox_port}/_sandbox/{what}"
        return requests.request(method, address, json=asked or None, timeout=5)


@contextlib.contextmanager
def own_database(given: dict[str, str]):
    """Give the portal a database of its own on the server that DATABASE_URL names, if it names one."""
    url = given.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield given
        return
    name = f"journey_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield {**given, "DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def own_redis(given: dict[str, str]):
    """Give the portal a Redis database of its own where REDIS_URL names a server, so that no two share a queue."""
    url = given.get("REDIS_URL", "")
    if not url:
        yield given
        return
    name = f"held by {uuid.uuid4().hex}"
    servers = (redis.Redis.from_url(f"{url.rstrip('/')}/{number}") for number in OF_PORTALS)
    held = next(server for server in servers if server.set("portal", name, nx=True))
    try:
        yield {**given, "REDIS_URL": f"{url.rstrip('/')}/{held.connection_pool.connection_kwargs['db']}"}
    finally:
        held.flushdb()
        held.close()


@contextlib.contextmanager
def own_stores(given: dict[str, str]):
    """Give the portal whatever it may share with no other: a database, and a place in Redis."""
    with own_database(given) as settled, own_redis(settled) as stores:
        yield stores
