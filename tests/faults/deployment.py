"""The portal as the Procfile deploys it, program by program, so that any of them may die.

Beside web, worker and beat stand a Redis of their own, a database of their own, and the pretended Lunar, which
takes a moment for each answer and rotates refresh tokens.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
import requests

from gridshare_portal.demo import stage, supervisor
from tests import portal as portals
from tests.faults import databases

ROOT = Path(__file__).resolve().parents[2]
LATENCY_MS, TOKEN_S, GRACE_S = 30, 60, 60
PATIENCE_S = 120.0
SECRETS = {  # planted, to be looked for in every log
    "SECRET_KEY": "planted-secret-key-planted-secret-key-planted-secret-key-1234",
    "TOKEN_KEYS": "cGxhbnRlZC1wbGFudGVkLXBsYW50ZWQtcGxhbnRlZC4=",
    "LUNAR_CLIENT_SECRET": "planted-client-secret",
    "OPERATOR_TOKEN": "planted-operator-token",
}
OF_THE_SUITE = ("TASKS_IN_PLACE", "DJANGO_ALLOW_ASYNC_UNSAFE", "DATA_DIR", "REDIS_URL", "DATABASE_URL")


def procfile(name: str, settings: dict[str, str]) -> list[str]:
    """Return a command of the Procfile as a shell would run it with these settings, on loopback."""
    line = re.search(rf"^{name}: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    assert line is not None, name
    filled = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda given: settings.get(given[1], given[2]), line[1])
    program, *rest = shlex.split(filled.replace("0.0.0.0", "127.0.0.1"))  # noqa: S104
    return [sys.executable, "-m", program, *rest]


class Deployment:
    """The running programs, and what a test may do to them."""

    def __init__(self, folder: Path, database: databases.Sqlite | databases.Postgres) -> None:
        self.folder, self.database = folder, database
        self.port, self.lunar_port = portals.free_port(), portals.free_port()
        self.url, self.lunar = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.lunar_port}"
        self.sockets = Path(tempfile.mkdtemp(prefix="faults-"))  # short: a socket's path may have 107 bytes
        self.redis_socket = self.sockets / "redis.sock"
        self.running: dict[str, subprocess.Popen] = {}
        self.environment = self._environment()
        place = ["--port", "0", "--unixsocket", str(self.redis_socket), "--dir", str(folder), "--save", ""]
        self.commands = {
            "Redis": [stage.redis_binary(), *place, "--appendonly", "no"],
            "Lunar": self._lunar(),
            **{name: procfile(name, self.environment) for name in ("web", "worker", "beat")},
        }
        self.commands["another beat"] = [
            *self.commands["beat"][:-4], "-s", str(folder / "another-beat"), "--loglevel", "info"
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OF_THE_SUITE}
        return kept | SECRETS | {
            "DATABASE_URL": self.database.url,
            "DATA_DIR": str(self.folder),
            "REDIS_URL": f"unix://{self.redis_socket}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "PUBLIC_URL": self.url,
            "LUNAR_LOGIN_URL": self.lunar,
            "LUNAR_ISSUER": f"{self.lunar}/pool",
            "LUNAR_CLIENT_ID": "demo",
            "GRIDSHARE_URL": self.lunar,
            "EMAIL_URL": f"filemail:///{self.folder / 'mail'}",
            "LOG_LEVEL": "INFO",
            "STATIC_FROM_SOURCE": "1",
            "ENV_FILE": "/nonexistent",
            "DJANGO_SETTINGS_MODULE": "gridshare_portal.settings",
            "PORT": str(self.port),
            "BEAT_FILE": str(self.folder / "beat"),
            "PYTHONWARNINGS": "ignore:You're running the worker",
        }  # fmt: skip

    def _lunar(self) -> list[str]:
        own = [
            "--port",
            self.lunar_port,
            "--homes",
            3,
            "--latency-ms",
            LATENCY_MS,
            "--access-token-s",
            TOKEN_S,
        ]
        own += ["--grace-s", GRACE_S, "--client-secret", SECRETS["LUNAR_CLIENT_SECRET"]]
        own += ["--redirect-uri", f"{self.url}/accounts/lunar/login/callback/"]
        program = [sys.executable, "-m", "gridshare_portal.sandbox", *map(str, own)]
        return [*program, "--faults", "--rotate"]

    def gather(self) -> dict[str, str]:
        """Start everything on an empty database; return the session of each person by the e-mail address."""
        self.database.start()
        self.start("Redis", "Lunar")
        said: dict[str, str] = self.inside("prepare")
        self.start("web", "worker", "beat")
        self.until(lambda: self.is_up("/healthz"), "the web server to answer")
        return said

    def start(self, *names: str, **also: str) -> None:
        """Start programs that do not run; what they say goes to a file of their own."""
        for name in names:
            with open(self.log_of(name), "a") as log:
                self.running[name] = subprocess.Popen(
                    self.commands[name], cwd=ROOT, env=self.environment | also, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True, preexec_fn=supervisor.end_with_parent,
                )  # fmt: skip

    def kill(self, *names: str) -> None:
        """Kill programs and whatever they started with -9, all at the same time."""
        killed = [self.running.pop(name) for name in names if name in self.running]
        for child in killed:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        for child in killed:
            child.wait()

    @contextlib.contextmanager
    def halted(self, name: str):
        """Let a program hang meanwhile."""
        os.killpg(self.running[name].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.running[name].pid, signal.SIGCONT)

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"

    def inside(self, what: str, *given: str) -> dict:
        """Ask the portal's own code something, in a program of its own that has its settings."""
        command = [sys.executable, "-m", "tests.faults.inside", what, *given]
        ran = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
        return json.loads(ran.stdout.splitlines()[-1])

    def is_up(self, path: str = "/readyz") -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(self.url + path, timeout=5).status_code == 200
        return False

    def deep(self) -> requests.Response:
        """Return what operators are told."""
        token = {"Authorization": f"Bearer {SECRETS['OPERATOR_TOKEN']}"}
        return requests.get(f"{self.url}/readyz?deep", headers=token, timeout=10)

    def broker(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.redis_socket))

    def ask_lunar(self, method: str, what: str, **asked: object):
        """Ask the pretended Lunar what it kept, or switch faults."""
        address = f"{self.lunar}/_sandbox/{what}"
        answer = requests.request(method, address, json=asked or None, timeout=20)
        answer.raise_for_status()
        return answer.json()

    @staticmethod
    def until(holds: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
        """Wait until something is true, and give up loudly."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"waited {within_s:.0f} s for {what}"
            time.sleep(0.05)

    def dismiss(self) -> None:
        """End everything that still runs."""
        self.kill(*self.running)
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.database.remove()
