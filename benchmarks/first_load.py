"""Measure a first load against a sandbox that takes 100 ms per call: side by side, and call by call.

Run as `python -m benchmarks.first_load`. Two stretches are measured: until the home stands (sites, devices,
topologies, details), and until its newest 48 hours are stored. "Deep" counts how many calls had to wait
for each other. Only the ratios of one run are worth comparing.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from gridshare_portal.lunar import models as lunar
    from gridshare_portal.sandbox import wsgi

LATENCY_MS = 100
CUSTOMERS = {"ada": "1 home, 3 sensors", "ben": "2 homes, 7 sensors", "finn": "1 home, 60 sensors"}
KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="  # seals nothing that is worth having
PARALLEL = 8


@dataclass(frozen=True, kw_only=True)
class Load:
    """One stretch of a first load: its wall time and each call's begin and end."""

    took_s: float
    calls: tuple[tuple[float, float], ...]

    @property
    def sum_s(self) -> float:
        """Return what the calls would take one after another."""
        return sum(end - begin for begin, end in self.calls)

    @property
    def depth(self) -> int:
        """Return the longest row of calls of which each began after the one before had ended."""
        deep, free_at = 0, float("-inf")
        for begin, end in sorted(self.calls, key=lambda call: call[1]):
            if begin >= free_at:
                deep, free_at = deep + 1, end
        return deep


def main() -> None:
    """Print a line per customer and stretch."""
    from gridshare_portal.sandbox import wsgi

    with tempfile.TemporaryDirectory() as folder, wsgi.running(homes=6, latency_ms=LATENCY_MS) as sandbox:
        _django(folder, sandbox)
        heads = ("customer", "until", "calls", "deep", "side by side", "sum of calls", "one by one")
        print("{:28} {:11} {:>5} {:>4} {:>13} {:>17} {:>17}".format(*heads))
        for username, about in CUSTOMERS.items():
            _first_load(
                sandbox, username, parallel=PARALLEL
            )  # the sandbox makes up its history when first asked
            wide = _first_load(sandbox, username, parallel=PARALLEL)
            narrow = _first_load(sandbox, username, parallel=1)
            for until in wide:
                _print(f"{username} ({about})", until, wide[until], narrow[until])


def _print(who: str, until: str, wide: Load, narrow: Load) -> None:
    ratios = [f"{seconds:6.2f} s ({seconds / wide.took_s:4.1f}x)" for seconds in (wide.sum_s, narrow.took_s)]
    counts = f"{len(wide.calls):5} {wide.depth:4} {wide.took_s:11.2f} s"
    print(f"{who:28} {until:11} {counts} {ratios[0]:>17} {ratios[1]:>17}", flush=True)


def _first_load(sandbox: wsgi.Sandbox, username: str, *, parallel: int) -> dict[str, Load]:
    """Connect a new person and read everything, as the worker does it; return each stretch by its name."""
    from django.conf import settings
    from django.utils import timezone

    from gridshare_portal.sites import queries, sync
    from gridshare_portal.telemetry import collect

    settings.GRIDSHARE_PARALLEL = parallel
    connection = _connection(sandbox, username)
    sync.request(connection=connection, now=timezone.now())
    homes = _measured(
        lambda: sync.run(connection_pk=connection.pk, now=timezone.now(), owner=uuid.uuid4().hex)
    )
    found = list(queries.sites_of(connection))
    assert found and all(site.sensors.exists() for site in found)
    for site in found:
        collect.begin(site=site, now=timezone.now())

    def newest() -> None:
        for site in found:
            _collect(site.collection.pk)

    readings = _measured(newest)
    assert all(site.collection.__class__.objects.get(site=site).last_ok_at for site in found)
    return {"the home": homes, "48 hours": readings}


def _collect(collection_pk: int) -> None:
    from django.utils import timezone

    from gridshare_portal.telemetry import collect

    collect.run(collection_pk=collection_pk, now=timezone.now(), owner=uuid.uuid4().hex, seconds=0)


def _measured(work: Callable[[], object]) -> Load:
    with _watched() as calls:
        began = time.perf_counter()
        work()
        took_s = time.perf_counter() - began
    return Load(took_s=took_s, calls=tuple(calls))


@contextmanager
def _watched() -> Iterator[list[tuple[float, float]]]:
    """Note the begin and the end of every call to Gridshare."""
    from gridshare_portal.gridshare.http import transport

    calls: list[tuple[float, float]] = []
    send, lock = transport.send, threading.Lock()

    def noting(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return send(*args, **options)
        finally:
            with lock:
                calls.append((began, time.perf_counter()))

    with mock.patch.object(transport, "send", noting):
        yield calls


def _connection(sandbox: wsgi.Sandbox, username: str) -> lunar.Connection:
    """Give a new person the connection that a browser would bring."""
    from django.utils import timezone

    from gridshare_portal.accounts.models import User
    from gridshare_portal.lunar import connections
    from gridshare_portal.lunar.login import cognito, identity
    from gridshare_portal.lunar.tokens import pending
    from gridshare_portal.sites.models import Site

    User.objects.all().delete()
    Site.objects.all().delete()
    granted = sandbox.pool.grant(username)
    tokens = cognito.Tokens(
        access=granted["access_token"], refresh=granted["refresh_token"], expires_in_s=granted["expires_in"]
    )
    now = timezone.now()
    key = pending.keep(tokens=tokens, now=now).key
    owner = identity.identify(tokens.access, issuer=sandbox.issuer, client_id=sandbox.client_id)
    pending.name_owner(key=key, owner=owner)
    user = User.objects.create_user(f"{uuid.uuid4().hex}@portal.example")
    return connections.store(user=user, key=key, time_zone="America/Los_Angeles", now=now)


def _django(folder: str, sandbox: wsgi.Sandbox) -> None:
    """Set the portal up in a folder of its own, the sandbox for Lunar, and nobody listening to signals."""
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "gridshare_portal.settings",
            "SECRET_KEY": "a benchmark only, a benchmark only, a benchmark only",
            "TOKEN_KEYS": KEY,
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": "http://localhost",
            "DATABASE_URL": f"sqlite:///{folder}/load.sqlite3",
            "DATA_DIR": folder,
            "REDIS_URL": f"unix://{folder}/none.sock",
            "LUNAR_LOGIN_URL": sandbox.url,
            "LUNAR_ISSUER": sandbox.issuer,
            "LUNAR_CLIENT_ID": sandbox.client_id,
            "LUNAR_CLIENT_SECRET": sandbox.client_secret,
            "GRIDSHARE_URL": sandbox.url,
            "LOG_LEVEL": "ERROR",
            "ENV_FILE": f"{folder}/none.env",
        }
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from gridshare_portal.lunar import signals as lunar_signals
    from gridshare_portal.sites import signals as site_signals

    lunar_signals.connected.receivers = []
    site_signals.synced.receivers = []


if __name__ == "__main__":
    main()
