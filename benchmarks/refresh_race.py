"""Let 3 processes of 6 threads want a fresh token at once: our way beside read-refresh-save.

Run as `python -m benchmarks.refresh_race`. SQLite always; PostgreSQL too when DATABASE_URL names
a server, in a database of its own. Lunar is pretended, each token call takes 0.3 s, and a refresh
token that was rotated away is refused at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import IO, TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from gridshare_portal.lunar import models as lunar
    from gridshare_portal.sandbox import wsgi

PROCESSES, THREADS, ROUNDS = 3, 6, 3
LATENCY_MS = 300
KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="  # seals nothing that is worth having


class Outcome(TypedDict):
    """How one thread's wish for a token ended, and when."""

    error: str
    ended_at: float


def main() -> None:
    """Race on each database and print a line per way and kind of token."""
    print(f"{'database':11} {'way':20} {'rotation':9} {'token calls per round':22} {'lost':7} seconds")
    given = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder:
        _in_process("--on", "SQLite", database=f"sqlite:///{folder}/race.sqlite3", folder=folder)
        if given.startswith("postgres"):
            with _own_database(given) as url:
                _in_process("--on", "PostgreSQL", database=url, folder=folder)


def race_on(name: str) -> None:
    """Race on the database that the environment names."""
    _django()
    from django.core.management import call_command

    from gridshare_portal.sandbox import wsgi

    call_command("migrate", verbosity=0)
    with wsgi.running(homes=1, faults=True, grace_s=0) as sandbox:
        for rotate in (False, True):
            for way in ("lease and fence", "read, refresh, save"):
                sandbox.pool.rotate = rotate
                rounds = [_round(sandbox, way) for _ in range(ROUNDS)]
                calls = ", ".join(str(calls) for calls, _, _ in rounds)
                lost = f"{sum(lost for _, lost, _ in rounds)} of {ROUNDS}"
                took = sum(took for _, _, took in rounds) / ROUNDS
                print(
                    f"{name:11} {way:20} {'on' if rotate else 'off':9} {calls:22} {lost:7} {took:.2f}",
                    flush=True,
                )


def _round(sandbox: wsgi.Sandbox, way: str) -> tuple[int, bool, float]:
    connection = _connection(sandbox)
    sandbox.faults.switch_on("oauthToken", "latency", ms=LATENCY_MS)
    before = sandbox.calls("oauthToken")
    environment = {**os.environ, "LUNAR_LOGIN_URL": sandbox.url, "LUNAR_ISSUER": sandbox.issuer}
    racers = [_racer(way, connection.pk, environment) for _ in range(PROCESSES)]
    ready = [_pipes(racer)[1].readline() for racer in racers]
    assert ready == ["ready\n"] * PROCESSES, ready
    start_at = time.time() + 0.3
    for racer in racers:
        told, _ = _pipes(racer)
        told.write(f"{start_at}\n")
        told.flush()
    outcomes = [outcome for racer in racers for outcome in json.loads(racer.communicate()[0])]
    assert len(outcomes) == PROCESSES * THREADS
    connection.refresh_from_db()
    lost = not connection.is_active or any(outcome["error"] for outcome in outcomes)
    took = max(outcome["ended_at"] for outcome in outcomes) - start_at
    sandbox.faults.clear()
    return sandbox.calls("oauthToken") - before, lost, took


def _racer(way: str, pk: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.refresh_race", "--race", way, str(pk)]
    return subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _pipes(racer: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert racer.stdin is not None and racer.stdout is not None  # _racer made both
    return racer.stdin, racer.stdout


def _connection(sandbox: wsgi.Sandbox) -> lunar.Connection:
    """Make a connection of a new person whose access token has just expired."""
    from django.conf import settings
    from django.utils import timezone

    from gridshare_portal.accounts.models import User
    from gridshare_portal.lunar import connections as actions
    from gridshare_portal.lunar import models
    from gridshare_portal.lunar.login import cognito, identity
    from gridshare_portal.lunar.tokens import pending as tokens_pending

    settings.LUNAR_ISSUER, settings.LUNAR_LOGIN_URL = sandbox.issuer, sandbox.url
    User.objects.all().delete()
    granted = sandbox.pool.grant("ada")
    tokens = cognito.Tokens(
        access=granted["access_token"], refresh=granted["refresh_token"], expires_in_s=3600
    )
    now = timezone.now()
    pending = tokens_pending.keep(tokens=tokens, now=now)
    owner = identity.identify(tokens.access, issuer=sandbox.issuer, client_id=sandbox.client_id)
    tokens_pending.name_owner(key=pending.key, owner=owner)
    user = User.objects.create_user(f"{uuid.uuid4().hex}@portal.example")
    connection = actions.store(user=user, key=pending.key, time_zone="", now=now)
    models.Connection.objects.update(access_expires_at=now, refresh_due_at=now)
    return connection


def run_racer(way: str, pk: int) -> None:
    """Be one of the processes: six threads that want a token at the moment that is read from outside."""
    _django()
    print("ready", flush=True)
    start_at = float(sys.stdin.readline())
    outcomes: list[Outcome] = []
    want = {"lease and fence": _by_lease, "read, refresh, save": _by_hand}[way]
    threads = [threading.Thread(target=_want, args=(want, pk, start_at, outcomes)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(outcomes))


def _want(want: Callable[[int], None], pk: int, start_at: float, outcomes: list[Outcome]) -> None:
    from django.db import connection

    time.sleep(max(0.0, start_at - time.time()))
    try:
        want(pk)
        error = ""
    except Exception as failure:
        error = type(failure).__name__
    outcomes.append({"error": error, "ended_at": time.time()})
    connection.close()


def _by_lease(pk: int) -> None:
    from gridshare_portal.lunar.tokens import refresh

    refresh.access_token(pk)


def _by_hand(pk: int) -> None:
    from django.utils import timezone

    from gridshare_portal import seal
    from gridshare_portal.lunar import models
    from gridshare_portal.lunar.login import cognito, registration

    row = models.Connection.objects.get(pk=pk)
    if row.access_expires_at and row.access_expires_at > timezone.now():
        return
    fresh = cognito.refresh(registration.client(), refresh_token=row.refresh_token())
    row.access_sealed = seal.seal(fresh.access, row.context("access"))
    row.access_expires_at = timezone.now() + timedelta(hours=1)
    if fresh.refresh:
        row.refresh_sealed = seal.seal(fresh.refresh, row.context("refresh"))
    row.save()


def _django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridshare_portal.settings")
    django.setup()


def _in_process(*arguments: str, database: str, folder: str) -> None:
    environment = {
        **os.environ,
        "SECRET_KEY": "a benchmark has no secret to keep, so this will do for its length",
        "TOKEN_KEYS": KEY,
        "ALLOWED_HOSTS": "localhost",
        "PUBLIC_URL": "http://localhost",
        "LUNAR_LOGIN_URL": "http://127.0.0.1:9",
        "LUNAR_ISSUER": "http://127.0.0.1:9/pool",
        "LUNAR_CLIENT_ID": "demo",
        "LUNAR_CLIENT_SECRET": "demo-secret",
        "GRIDSHARE_URL": "http://127.0.0.1:9",
        "REDIS_URL": f"unix://{folder}/nobody.sock",
        "DATA_DIR": folder,
        "DATABASE_URL": database,
        "ENV_FILE": os.devnull,
        "LOG_LEVEL": "CRITICAL",
    }
    subprocess.run([sys.executable, "-m", "benchmarks.refresh_race", *arguments], env=environment, check=True)


@contextlib.contextmanager
def _own_database(url: str) -> Iterator[str]:
    import psycopg

    name = f"race_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--on", name]:
            race_on(name)
        case ["--race", way, pk]:
            run_racer(way, int(pk))
        case _:
            main()
