"""What support staff wait for at 1,000 and at 100,000 homes, side by side in one run on one kind of database.

    .venv/bin/python -m benchmarks.staff_pages
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.staff_pages

Each number of homes has a database and a process of its own, with the homes of `make_portfolio`. Requests go
to the one and to the other in turn, in the process, as a member of staff with a second factor. Only the
ratios of one run are worth comparing: medians of 100,000 over those of 1,000. `--kept PREFIX` names databases
(PREFIX1000, PREFIX100000) that are filled when empty and stay, to measure again without making homes; those
of benchmarks/portfolio_pages.py will do.
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
from typing import TYPE_CHECKING

from benchmarks import world

if TYPE_CHECKING:
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.sites import models as sites

SIZES = (1_000, 100_000)
ROUNDS = 41
BOUND = 1.5
STAFF = "staff@portal.example"
PAGES = {
    "work list": "",
    "work list, page 2": "?page=2",
    "all homes": "homes/",
    "all homes, to help": "homes/?state=help",
    "all homes, well": "homes/?state=well",
    "search: surname": "search/?q=garcia",
    "search: beginning": "search/?q=ma",
    "search: on everybody": "search/?q=example",
    "search: two words": "search/?q=garcia+ana",
    "search: common words": "search/?q=home+mail",
    "search: inside a word": "search/?q=ridge",
    "search: a slip": "search/?q=gracia",
    "search: serial's end": "search/?q={serial}",
    "search: home's id": "search/?q={site}",
    "search: nothing": "search/?q=qqqqzzzz",
    "search while typing": "search/?q=wal#typing",
}
QUESTIONS = ("shared_sites: first 50", "access_of one home")


def main() -> None:
    """Fill two databases, and print a line per page."""
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
        figures = {name: _measured(name, portals, given.rounds) for name in (*PAGES, *QUESTIONS)}
    slow = [name for name, (ratio, _, _) in figures.items() if ratio > BOUND]
    print(f"at most {BOUND} times as long: {'not ' + ', '.join(slow) if slow else 'all'}")
    print(f"no more queries: {'not ' + ', '.join(asking) if (asking := _asking(figures)) else 'all'}")


def _asking(figures: dict[str, tuple[float, int, int]]) -> list[str]:
    """Return the pages with more queries among many homes.

    A search ends as soon as enough is found, so each is held against the longest one among few homes.
    """
    longest = max(few for name, (_, few, _) in figures.items() if "search" in name)
    return [name for name, (_, few, many) in figures.items() if many > (longest if "search" in name else few)]


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


def _ask(portal: Connection, name: str, what: str) -> float:
    portal.send((name, what))
    figure: float = portal.recv()
    return figure


@contextlib.contextmanager
def _portal(size: int, kept: str) -> Iterator[Connection]:
    """Start a portal with so many homes in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, size, kept and f"{kept}{size}"), daemon=True)
    process.start()
    try:
        yield here
    finally:
        here.send(None)
        process.join()


def _serve(asked: Connection, size: int, kept: str) -> None:
    """Make the homes, say so, and answer what each page costs until told to stop."""
    with world.portal(kept) as kind:
        said = _fill(size)
        asked.send(f"{kind}: {said}")
        actions = _actions()
        for action in actions.values():
            action()
        while question := asked.recv():
            name, what = question
            asked.send(_queries(actions[name]) if what == "queries" else _ms(actions[name]))


def _fill(size: int) -> str:
    """Make homes up to the size, have them all examined once, and hire somebody to look after them."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.cases.models import Case, Examination
    from gridshare_portal.synthetic import examined, rows
    from tests import people

    began_s = time.monotonic()
    if missing := size - rows.made_count():
        call_command("make_portfolio", missing, yes=True, verbosity=0)
    made_s = time.monotonic()
    count = max(examined.make(now=_now()), default=0)
    if not accounts.User.objects.filter(email=STAFF).exists():
        people.staff(STAFF, accounts.Organization.objects.get(), "operator")
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("ANALYZE")
    took = f"made in {made_s - began_s:.0f} s, {count:,} examined in {time.monotonic() - made_s:.0f} s"
    seen, cases = (model.objects.count() for model in (Examination, Case))
    return f"{rows.made_count():,} homes, {seen:,} examined, {cases:,} cases; {took}"


def _actions() -> dict[str, Callable[[], object]]:
    """Return what is measured, by its name."""
    from django.test import Client

    from gridshare_portal.access import policy
    from gridshare_portal.accounts import models as accounts

    user, organization = accounts.User.objects.get(email=STAFF), accounts.Organization.objects.get()
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    site, serial = _somewhere(user, organization)

    def asking(path: str) -> Callable[[], object]:
        path, _, typing = path.format(site=site.synth_id, serial=serial).partition("#")
        address = f"/support/{organization.slug}/{path}"
        headers = {"HX-Request": "true"} if typing else {}

        def ask() -> None:
            page = client.get(address, headers=headers)
            assert page.status_code == 200, (address, page.status_code)

        return ask

    def first_shared() -> None:
        shared = policy.shared_sites(user, now=_now(), organization=organization)
        assert len(shared.order_by("pk")[:50]) == 50

    def standing() -> None:
        assert policy.access_of(user, site, now=_now()) is not None

    pages = {name: asking(path) for name, path in PAGES.items()}
    return {**pages, **dict(zip(QUESTIONS, (first_shared, standing), strict=True))}


def _somewhere(user: accounts.User, organization: accounts.Organization) -> tuple[sites.Site, str]:
    """Return a home in the middle of those that are shared, and the end of a serial number in it."""
    from gridshare_portal.access import policy

    shared = policy.shared_sites(user, now=_now(), organization=organization).order_by("pk")
    site = shared[shared.count() // 2]
    return site, site.devices.order_by("pk")[0].serial_number[-8:]


def _now() -> datetime:
    return datetime.now(UTC)


def _queries(action: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def _ms(action: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    action()
    return (time.perf_counter() - began_s) * 1000


if __name__ == "__main__":
    main()
