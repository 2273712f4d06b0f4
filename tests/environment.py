"""What the suite's processes run in: settings from the environment and a Redis of their own.

Loaded by pytest before the settings are read. DATABASE_URL and REDIS_URL, where given, win:
so the same suite runs on PostgreSQL and on a Redis server.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gridshare_portal.demo import stage, supervisor

OURS = "TESTS_FILLED_IN"  # names what the first of several processes filled in: each fills in its own
for filled_in in os.environ.pop(OURS, "").split():
    os.environ.pop(filled_in, None)
GIVEN = dict(os.environ)  # as the suite was called, for programs that it starts
KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="  # 32 known bytes: nothing secret is sealed in tests


def rounds(*, quick: int, long: int) -> int:
    """Return how often to repeat what says more when it is repeated: `make test-long` asks for many rounds."""
    return long if os.environ.get("ROUNDS") == "long" else quick


def start_redis() -> str:
    """Start a private Redis on a unix socket, to end with this process; return its address."""
    folder = tempfile.mkdtemp(prefix="portal-redis-")
    socket = Path(folder) / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    server = subprocess.Popen(
        [stage.redis_binary(), *options, "--save", "", "--appendonly", "no", "--dir", folder],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=supervisor.end_with_parent if sys.platform == "linux" else None,
    )
    atexit.register(_stop, server, folder, os.getpid())
    deadline = time.monotonic() + 10
    while not socket.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return f"unix://{socket}"


def _stop(server: subprocess.Popen, folder: str, owner: int) -> None:
    if os.getpid() == owner:
        server.terminate()
        server.wait(5)
        shutil.rmtree(folder, ignore_errors=True)


def prepare() -> None:
    """Fill in what the settings ask for, without overriding what was given."""
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright leaves a loop on the thread
    data = os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="portal-tests-"))
    if Path(data).name.startswith("portal-tests-"):
        atexit.register(shutil.rmtree, data, ignore_errors=True)
    for name, value in {
        "SECRET_KEY": "tests only, tests only, tests only, tests only, 1234",
        "TOKEN_KEYS": KEY,
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "PUBLIC_URL": "http://localhost",
        "LUNAR_LOGIN_URL": "http://127.0.0.1:9",
        "LUNAR_ISSUER": "http://127.0.0.1:9/pool",
        "LUNAR_CLIENT_ID": "demo",
        "LUNAR_CLIENT_SECRET": "demo-secret",
        "GRIDSHARE_URL": "http://127.0.0.1:9",
        "STATIC_FROM_SOURCE": "1",
        "TASKS_IN_PLACE": "1",
        "LOG_LEVEL": "WARNING",
        "ENV_FILE": "/nonexistent",
    }.items():
        os.environ.setdefault(name, value)
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = start_redis()
    elif worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
        os.environ["REDIS_URL"] += f"/{2 + int(worker.removeprefix('gw'))}"
    os.environ[OURS] = " ".join(set(os.environ) - set(GIVEN))


prepare()
