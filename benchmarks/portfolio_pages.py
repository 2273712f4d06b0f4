"""What a retailer waits for at 1,000 and at 100,000 homes, side by side in one run on one kind of database.

    .venv/bin/python -m benchmarks.portfolio_pages
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.portfolio_pages

Each number of homes has a database and a process of its own, with the homes of `make_portfolio`, counted.
Requests go to the one and to the other in turn, in the process, as an admin with a second factor. Only the
ratios of one run are worth comparing: medians of the many over those of the few. Then each file is made of
all homes, in a process of its own: how long that took, and the most memory the process ever had, beside that
of one that sent the same file of nothing. `--kept PREFIX` names databases (PREFIX1000, PREFIX100000) that are
filled when empty and stay.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks import world

SIZES = (1_000, 100_000)
ROUNDS = 41
BOUND = 1.5
STAFF = "portfolio@portal.example"
SLUG = "practice-retailer"
PAGES = {
    "portfolio": "",
    "portfolio, renewed": "now/",
    "homes, first page": "homes/",
    "homes, second page": "{second}",
    "homes, middle": "homes/?after={middle}",
    "homes, last page": "homes/?before=end",
    "homes, before the last": "{before}",
    "homes by charge": "homes/?sort=-charge",
    "homes by charge, last": "homes/?sort=-charge&before=end",
    "homes by reading, last": "homes/?sort=reading&before=end",
    "homes that may change": "homes/?right=control",
    "homes with a name": "homes/?q=home",
}
FILES = {"csv": "homes.csv", "xlsx": "homes.xlsx"}


def main() -> None:
    """Fill two databases, print a line per page, and a line per file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", default="", metavar="PREFIX")
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        portals = [stack.enter_context(_portal(size, given.kept)) for size in given.sizes]
        for portal in portals:
            print(portal.recv(), flush=True)
        few, many = (f"{size:,}" for size in given.sizes)
        print(f"{'':26}{'queries at':>12}{'':>10}{'median ms at':>15}{'':>10}{'ratio':>7}")
        print(f"{'':26}{few:>12}{many:>10}{few:>15}{many:>10}")
        figures = {name: _measured(name, portals, given.rounds) for name in PAGES}
        for kind in FILES:
            _file(kind, portals, given.sizes)
    slow = [name for name, (ratio, _, _) in figures.items() if ratio > BOUND]
    asking = [name for name, (_, few, many) in figures.items() if many > few]
    print(f"at most {BOUND} times as long: {'not ' + ', '.join(slow) if slow else 'all'}")
    print(f"no more queries: {'not ' + ', '.join(asking) if asking else 'all'}")


def _measured(name: str, portals: list[Connection], rounds: int) -> tuple[float, int, int]:
    """Ask both in turn, print, and return the ratio of the medians and both counts of queries."""
    few, many = (int(_ask(portal, name, "queries")) for portal in portals)
    times: list[list[float]] = [[], []]
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 else (1, 0):
            times[side].append(_ask(portals[side], name, "ms"))
    few_ms, many_ms = map(statistics.median, times)
    ratio = many_ms / few_ms
    print(f"{name:26}{few:12}{many:10}{few_ms:15.1f}{many_ms:10.1f}{ratio:7.2f}", flush=True)
    return ratio, few, many


def _file(kind: str, portals: list[Connection], sizes: tuple[int, int]) -> None:
    for portal, size in zip(portals, sizes, strict=True):
        took_s, rows, size_mb, peak_mb, empty_mb = _ask(portal, kind, "file")
        print(
            f"{kind} of {size:,} homes: {rows:,} rows, {size_mb:.1f} MB in {took_s:.1f} s; "
            f"peak {peak_mb:.0f} MB, of nothing {empty_mb:.0f} MB",
            flush=True,
        )


def _ask(portal: Connection, name: str, what: str) -> object:
    portal.send((name, what))
    return portal.recv()


@contextlib.contextmanager
def _portal(size: int, kept: str) -> Iterator[Connection]:
    """Start a portal with so many homes in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, size, kept and f"{kept}{size}"))
    process.start()
    there.close()  # so that a portal that falls is heard
    try:
        yield here
    finally:
        with contextlib.suppress(BrokenPipeError):
            here.send(None)
        process.join()


def _serve(asked: Connection, size: int, kept: str) -> None:
    """Make the homes, say so, and answer what each page costs until told to stop."""
    with world.portal(kept) as kind:
        asked.send(f"{kind}: {_fill(size)}")
        deeds = _deeds()
        for deed in deeds.values():
            deed()
        while question := asked.recv():
            name, what = question
            answer = {"queries": _queries, "ms": _ms, "file": _filed}[what]
            asked.send(answer(name if what == "file" else deeds[name]))


def _fill(size: int) -> str:
    """Make homes up to the size, have them counted once, and hire somebody to look after them."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.installer.practice import rows
    from gridshare_portal.retailer import counting
    from gridshare_portal.retailer.models import Home
    from tests import people

    began_s = time.monotonic()
    if missing := size - rows.standing():
        call_command("make_portfolio", missing, kind="retailer", yes=True, verbosity=0)
    made_s = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("ANALYZE")
    organization = accounts.Organization.objects.get(slug=SLUG)
    times_s = []
    for _ in range(2):
        start_s = time.monotonic()
        counting.whole(organization=organization, now=datetime.now(UTC))
        times_s.append(time.monotonic() - start_s)
    if not accounts.User.objects.filter(email=STAFF).exists():
        people.staff(STAFF, organization, "admin")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    count = Home.objects.count()
    took = f"made in {made_s - began_s:.0f} s, counted in {times_s[0]:.1f} s, and again in {times_s[1]:.1f} s"
    return f"{rows.standing():,} homes, {count:,} shared; {took}"


def _deeds() -> dict[str, Callable[[], object]]:
    """Return what is measured, by its name."""
    from django.http import QueryDict

    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.retailer import asked, homes
    from gridshare_portal.retailer.models import Home

    client, organization = _client(), accounts.Organization.objects.get(slug=SLUG)
    user = accounts.User.objects.get(email=STAFF)
    lines = Home.objects.filter(organization=organization).order_by("name_key", "site_id")
    middle = lines[lines.count() // 2]

    def lies(query: str, word: str) -> str:
        page = homes.page(user, organization, asked.read(QueryDict(query)), now=datetime.now(UTC))
        return f"homes/?{getattr(page, word)}"

    places = {
        "second": lies("", "following"),
        "before": lies("before=end", "preceding"),
        "middle": f"{middle.site_id}~{middle.name_key}",
    }

    def asking(path: str) -> Callable[[], object]:
        address = f"/portfolio/{SLUG}/{path.format(**places)}"

        def ask() -> None:
            page = client.get(address)
            assert page.status_code == 200, (address, page.status_code)

        return ask

    return {name: asking(path) for name, path in PAGES.items()}


def _client() -> object:
    from django.test import Client

    from gridshare_portal.accounts import models as accounts

    client = Client(headers={"host": "localhost"})
    user = accounts.User.objects.get(email=STAFF)
    client.force_login(user)
    return client


def _queries(deed: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        deed()
    return len(captured)


def _ms(deed: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    deed()
    return (time.perf_counter() - began_s) * 1000


def _filed(kind: str) -> tuple[float, int, float, float, float]:
    """Send a file from a process of its own; return seconds, rows, size, and the peaks of memory."""
    _, _, _, empty_mb = _apart(_sent, kind, "?q=qqqqqqzzzz")
    took_s, rows, size_mb, peak_mb = _apart(_sent, kind, "")
    return took_s, rows, size_mb, peak_mb, empty_mb


def _apart(deed: Callable[..., None], *given: str) -> tuple[float, int, float, float]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=deed, args=(there, *given))
    process.start()
    there.close()
    found = here.recv()
    process.join()
    return found


def _sent(told: Connection, kind: str, query: str) -> None:
    """Ask for a file as a browser does, and read it away as it comes."""
    import django

    django.setup()
    client, began_s = _client(), time.perf_counter()
    page = client.get(f"/portfolio/{SLUG}/{FILES[kind]}{query}")
    assert page.status_code == 200, page.status_code
    size = lines = 0
    for part in page.streaming_content:
        size, lines = size + len(part), lines + part.count(b"\n")
    took_s = time.perf_counter() - began_s
    peak_mb = _peak_mb()
    rows = lines - 1 if kind == "csv" else _expected(query)
    told.send((took_s, rows, size / 1e6, peak_mb))


def _peak_mb() -> float:
    """Return the most memory of this program alone: what getrusage says begins with that of its parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _expected(query: str) -> int:
    from gridshare_portal.retailer.models import Home

    return 0 if query else Home.objects.count()


if __name__ == "__main__":
    main()
