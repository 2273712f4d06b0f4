"""What benchmarks stand on: the portal on an empty database, a sandbox, and people with homes."""

from __future__ import annotations

import logging
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests import portal as portals

if TYPE_CHECKING:
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.sandbox import wsgi
    from gridshare_portal.sites import models as sites

KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="  # seals nothing that is worth having


def connected(sandbox: wsgi.Sandbox, username: str) -> Iterator[tuple[sites.Site, int, float]]:
    """Connect a customer and collect every home; yield each with its calls and seconds."""
    from django.utils import timezone

    from gridshare_portal.sites import models as sites
    from gridshare_portal.telemetry import collect
    from gridshare_portal.telemetry.models import Collection
    from tests import people

    visitor = people.with_home(f"{username}@portal.example", username, sandbox=sandbox)
    for site in sites.Site.objects.filter(connection_sites__connection__user=visitor.user).order_by("pk"):
        row = Collection.objects.get(site=site)
        calls, began_s = sandbox.calls("getDeviceTelemetry"), time.monotonic()
        while collect.run(collection_pk=row.pk, now=timezone.now(), owner=uuid.uuid4().hex):
            pass
        row.refresh_from_db()
        assert row.last_ok_at and not row.last_error, row.last_error
        yield site, sandbox.calls("getDeviceTelemetry") - calls, time.monotonic() - began_s


def owner_of(site: sites.Site) -> accounts.User:
    """Return who connected a home."""
    return site.connection_sites.select_related("connection__user").order_by("pk")[0].connection.user


@contextmanager
def pretended(**options: Any) -> Iterator[wsgi.Sandbox]:
    """Run a sandbox whose clock stands still, and point the portal at it."""
    from django.test import override_settings

    from gridshare_portal.sandbox import wsgi

    logging.getLogger("werkzeug").disabled = True  # it tells of connections that were idle for long
    with wsgi.running(now=datetime.now(UTC), **options) as sandbox:
        app = {"client_id": sandbox.client_id, "secret": sandbox.client_secret}
        with override_settings(
            LUNAR_LOGIN_URL=sandbox.url,
            GRIDSHARE_URL=sandbox.url,
            LUNAR_ISSUER=sandbox.issuer,
            LUNAR_CLIENT_ID=sandbox.client_id,
            LUNAR_CLIENT_SECRET=sandbox.client_secret,
            SOCIALACCOUNT_PROVIDERS={"lunar": {"APPS": [app]}},
        ):
            yield sandbox


@contextmanager
def portal(kept: str = "", **other: str) -> Iterator[str]:
    """Set the portal up on an empty database, or on one that is kept, and say which kind.

    Other settings than a benchmark's own are given by name.
    """
    own = nullcontext({"DATABASE_URL": kept}) if kept else portals.own_database(dict(os.environ))
    with tempfile.TemporaryDirectory() as folder, own as given:
        url = given.get("DATABASE_URL") or f"sqlite:///{folder}/portal.sqlite3"
        os.environ |= {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "REDIS_URL": f"unix://{folder}/none",
            "SECRET_KEY": "for a benchmark and for nothing else at all, 1234567890",
            "TOKEN_KEYS": KEY,
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": "http://localhost",
            "LUNAR_LOGIN_URL": "http://127.0.0.1:9",
            "LUNAR_ISSUER": "http://127.0.0.1:9/pool",
            "LUNAR_CLIENT_ID": "demo",
            "LUNAR_CLIENT_SECRET": "demo-secret",
            "GRIDSHARE_URL": "http://127.0.0.1:9",
            "LOG_LEVEL": "CRITICAL",
            "ENV_FILE": "/nonexistent",
            "STATIC_FROM_SOURCE": "1",
            "DJANGO_SETTINGS_MODULE": "gridshare_portal.settings",
            **other,
        }
        import django

        django.setup()
        _lift_limits()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        yield "PostgreSQL" if url.startswith("postgres") else "SQLite"
        connections.close_all()


def _lift_limits() -> None:
    """Let one person do in a minute what many do in a day: what is measured is done again and again."""
    from gridshare_portal.control import quota
    from gridshare_portal.limits import acts, windows

    acts.ADDRESSES.clear()
    wide = (windows.Window(most=1_000_000, length=windows.DAY),)
    quota.BY_A_PERSON = quota.BY_AN_ORGANIZATION = quota.TRIES = wide
