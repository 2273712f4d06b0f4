"""What a page of a home costs with a warm store: calls to Gridshare, queries, milliseconds.

    .venv/bin/python -m benchmarks.home_page

Each of the demo homes is connected and read in full first. Pages are asked in this process; the time is the
median of several rounds and its ratio to /healthz, which does nothing.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks import world

if TYPE_CHECKING:
    from django.test import Client

    from gridshare_portal.sandbox import wsgi
    from gridshare_portal.sites import models as sites

PAGES = (
    "",
    "now/",
    "history/",
    "history/?view=month",
    "history/?view=year",
    "history.json",
    "devices/",
    "control/",
)
ROUNDS = 7


def main() -> None:
    """Print a line per page and home."""
    with world.portal() as kind, world.pretended(homes=6) as sandbox:
        print(f"{kind}; {'home':12} {'page':20} {'calls':>5} {'queries':>7} {'ms':>7} {'x nothing':>9}")
        for username in ("ada", "ben"):
            site, _calls, _took_s = next(world.connected(sandbox, username))
            _report(sandbox, username, site)


def _report(sandbox: wsgi.Sandbox, username: str, site: sites.Site) -> None:
    from django.test import Client

    visitor = Client(headers={"host": "localhost"})
    visitor.force_login(world.owner_of(site))
    nothing_ms = _median_ms(visitor, "/healthz")
    for page in PAGES:
        address = f"/homes/{site.synth_id}/{page}"
        visitor.get(address)
        before = sum(sandbox.faults.calls().values())
        queries = _queries(visitor, address)
        ms = _median_ms(visitor, address)
        calls = sum(sandbox.faults.calls().values()) - before
        print(f"        {username:12} {'/' + page:20} {calls:5} {queries:7} {ms:7.1f} {ms / nothing_ms:9.1f}")


def _queries(visitor: Client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        page = visitor.get(address)
    assert page.status_code == 200, (address, page.status_code)
    return len(captured)


def _median_ms(visitor: Client, address: str) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        visitor.get(address)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
