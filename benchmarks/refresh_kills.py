"""Connections lost when the programs that refresh tokens are killed with -9 again and again.

    .venv/bin/python -m benchmarks.refresh_kills [--kills 200] [--grace 60]
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.refresh_kills

Redis, worker and beat run as in the Procfile; beside them a process with four threads wants tokens, as the
web server does. The pretended login rotates refresh tokens and takes 0.2 s for an answer, and access tokens
are due all the time. At random moments of its work the worker or the other process is killed and started
again; one that is still starting is waited for, since on a busy machine a start takes longer than the time
between two kills, and nobody would be left to recover anything. In the end every connection is refreshed once
more. Without a grace a kill may cost the connection in flight.
Ends with 1 if more are lost.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import programs, world

if TYPE_CHECKING:
    from gridshare_portal.sandbox import wsgi

CONNECTIONS, THREADS = 30, 4
LATENCY_MS = 200
CALLERS = "callers"  # as they call themselves in Redis, where it is seen that they run
APART_S = (0.5, 4.0)  # between two kills


def main() -> None:
    """Kill on the database that the environment names, and print what was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--grace", type=int, default=60)
    parser.add_argument("--call", action="store_true", help="be the program that wants tokens")
    given = parser.parse_args()
    if given.call:
        call()
    from gridshare_portal.sandbox import wsgi

    logging.getLogger("werkzeug").disabled = True
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as folder,
        wsgi.running(homes=CONNECTIONS, faults=True, grace_s=given.grace) as lunar,
    ):
        lunar.pool.rotate = True
        lunar.faults.switch_on("oauthToken", "latency", ms=LATENCY_MS)
        company = programs.Programs(Path(folder), homes=CONNECTIONS)
        company.commands["callers"] = [sys.executable, "-m", "benchmarks.refresh_kills", "--call"]
        around = {"GRIDSHARE_URL": lunar.url, "LUNAR_LOGIN_URL": lunar.url, "LUNAR_ISSUER": lunar.issuer}
        try:
            with world.portal(REDIS_URL=f"unix://{company.socket}", **around) as database:
                in_flight = live_through(company, lunar, given.kills)
                lost = lost_of(lunar)
        finally:
            company.clear()
    print(
        f"{database}: {given.kills} kills, {in_flight} refreshes under way at them, grace {given.grace} s, "
        f"{lunar.calls('oauthToken'):,} token calls: {lost} of {CONNECTIONS} connections lost"
    )
    sys.exit(lost > (0 if given.grace else in_flight))


def live_through(company: programs.Programs, lunar: wsgi.Sandbox, kills: int) -> int:
    """Kill programs at random moments, start them again, and return how many refreshes were under way."""
    from django.utils import timezone

    from gridshare_portal.lunar import models

    company.start("Redis")
    connect(lunar, timezone.now())
    company.start("worker", "beat", "callers")
    time.sleep(8.0)
    in_flight: set[str] = set()
    chance = random.Random(1)
    for _ in range(kills):
        time.sleep(chance.uniform(*APART_S))
        name = chance.choice(("worker", "callers"))
        wait_until_at_work(company, name)
        time.sleep(chance.uniform(0.0, 1.0))
        company.kill(name)
        held = models.Connection.objects.filter(lease_until_at__gt=timezone.now())
        in_flight.update(held.values_list("lease_owner", flat=True))
        company.start(name)
    company.kill("callers")
    time.sleep(2 * 8 + 15.0)  # two leases, and the sweeps between them
    return len(in_flight)


def wait_until_at_work(company: programs.Programs, name: str) -> None:
    """Wait until a program that was started has come to its work, for a minute at most."""
    import redis

    broker = redis.Redis(unix_socket_path=company.socket, decode_responses=True)
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        known = broker.client_list()
        if any(one["cmd"] == "brpop" if name == "worker" else one["name"] == CALLERS for one in known):
            return
        time.sleep(0.1)


def connect(lunar: wsgi.Sandbox, now: datetime) -> None:
    """Write connections straight into the database, each of a person of its own."""
    from gridshare_portal import seal
    from gridshare_portal.accounts.models import User
    from gridshare_portal.lunar import models, scopes

    since = {"status_since_at": now, "authorized_at": now, "last_read_at": now}
    allowed = tuple(scope.id for scope in scopes.SCOPES)
    for one in lunar.world.customers[:CONNECTIONS]:
        granted = lunar.pool.grant(one.username, scopes=allowed)
        row = models.Connection.objects.create(
            user=User.objects.create(email=f"{one.username}@homes.example"),
            issuer=lunar.issuer,
            sub=one.sub,
            scopes=" ".join(allowed),
            access_expires_at=now + timedelta(hours=1),
            refresh_due_at=now,
            **since,
        )
        row.access_sealed = seal.seal(granted["access_token"], row.context("access"))
        row.refresh_sealed = seal.seal(granted["refresh_token"], row.context("refresh"))
        row.save()


def lost_of(lunar: wsgi.Sandbox) -> int:
    """Refresh every connection once more, and return how many can no longer be."""
    from django.utils import timezone

    from gridshare_portal.lunar import models
    from gridshare_portal.lunar.tokens import refresh

    lost = 0
    models.Connection.objects.filter(status="active").update(
        access_expires_at=timezone.now(), refresh_due_at=timezone.now(), retry_at=None
    )
    for connection in models.Connection.objects.all():
        try:
            lost += lunar.pool.claims(refresh.access_token(connection.pk)) is None
        except refresh.ReconnectRequired:
            lost += 1
    return lost


def call() -> None:
    """Want the token of one connection after the other, each due, with four threads, for good."""
    import django
    import redis

    django.setup()
    here = redis.Redis.from_url(os.environ["REDIS_URL"], client_name=CALLERS)
    here.ping()  # and stays connected until this program is killed
    threads = [threading.Thread(target=_want_tokens, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _want_tokens(seed: int) -> None:
    from django.utils import timezone

    from gridshare_portal.lunar import models
    from gridshare_portal.lunar.tokens import refresh

    chance = random.Random(f"{os.getpid()} {seed}")
    keys = list(models.Connection.objects.values_list("pk", flat=True))
    while True:
        pk = chance.choice(keys)
        models.Connection.objects.filter(pk=pk).update(refresh_due_at=timezone.now())
        with suppress(refresh.ReconnectRequired, refresh.Busy, refresh.Transient, refresh.Misconfigured):
            refresh.access_token(pk)
        time.sleep(chance.uniform(0, 0.3))


if __name__ == "__main__":
    main()
