"""What a retailer waits for at 1,000 and at 100,000 homes, side by side in one run on one kind of database.

    .venv/bin/python -m benchmarks.portfolio_pages
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.portfolio_pages

Each number of homes has a database and a process of its own, with the homes of `make_portfolio`, counted.
Requests go to the one and to the other in turn, in the process, as an admin with a second factor. Only the
ratios of one run are worth comparing: medians of the many over those of the few, and only where as many lines
are shown; beside them, on a busy machine, the best of each. `--kept PREFIX` names databases (PREFIX1000,
PREFIX100000) that are filled when empty and stay. Files and the counting: benchmarks/portfolio_work.py.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urljoin

from benchmarks import world

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper
    from django.test import Client

    from gridshare_portal.accounts import models as accounts

SIZES = (1_000, 100_000)
ROUNDS = 41
BOUND = 1.5
WIDE = 52
QUARTER_S = 900
STAFF = "portfolio@portal.example"
SLUG = "practice-retailer"
PAGES = {
    "portfolio": "",
    "portfolio, renewed": "now/",
    "open cases, renewed": "/support/{slug}/open-cases/",
    "portfolio of a group": "?group={few}",
    "report of last week": "report/",
    "homes, first page": "homes/",
    "homes, second page": "{second}",
    "homes, middle": "homes/?after={middle}",
    "homes, last page": "homes/?before=end",
    "homes, before the last": "{before}",
}
TABLES = (  # what is asked of the homes table: each filter, orders from both ends, and what few homes fit
    "q=home", "q=cottage", "q=dottir", "q=%3Cscript", "q=qqzzqq", "q=o&sort=-charge&before=end",
    "state=active", "state=reconnect", "state=reconnect&before=end", "right=view", "right=control",
    "ask=yes", "ask=no", "age=fresh", "age=late", "age=stale", "age=silent", "age=none",
    "has=battery", "has=ev", "lacks=battery", "lacks=solar", "charged=known", "charged=unknown",
    "charge_from=20&charge_to=80", "charge_from=95", "charge_to=1", "zone=Europe/Berlin", "zone=Asia/Tokyo",
    "group={half}", "group={few}", "group={few}&sort=-stored&before=end",
    "sort=-name", "sort=charge", "sort=-charge", "sort=-charge&before=end", "sort=reading", "sort=-reading",
    "sort=reading&before=end", "sort=stored", "sort=-stored", "sort=shared", "sort=-shared&before=end",
    "charged=unknown&sort=-charge", "age=none&sort=-stored", "lacks=battery&sort=-charge",
    "state=reconnect&has=ev", "state=reconnect&ask=yes&lacks=solar&sort=-shared", "age=none&ask=yes&has=ev",
    "age=silent&charged=known", "q=cottage&has=ev&ask=yes", "q=qqzzqq&state=active&sort=-reading",
    "zone=Europe/Berlin&state=reconnect&charge_from=50", "lacks=battery&charged=known",
)  # fmt: skip


class Figures(TypedDict):
    """What one page costs: the ratio of the medians, and what both portals count."""

    ratio: float
    queries: list[int]
    lines: list[int]


def main() -> None:
    """Fill two databases, and print a line per page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", default="", metavar="PREFIX")
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", metavar="WORD", help="only what has this in its name")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        portals = [stack.enter_context(_portal(size, given.kept)) for size in given.sizes]
        for portal in portals:
            print(portal.recv(), flush=True)
        few, many = (f"{size:,}" for size in given.sizes)
        print(f"{'':{WIDE}}{'queries at':>11}{'lines at':>15}{'median ms at':>23}")
        print(f"{'':{WIDE}}{few:>7}{many:>9}{few:>7}{many:>9}{few:>9}{many:>9}  ratio of best")
        names = [name for name in (*PAGES, *TABLES) if given.only in name]
        found = {name: _measured(name, portals, given.rounds) for name in names}
    longest = max((one["queries"][0] for name, one in found.items() if name in TABLES), default=0)
    _tell(f"at most {BOUND} times as long", [name for name, one in found.items() if one["ratio"] > BOUND])
    _tell("no more lines to show", [name for name, one in found.items() if one["lines"][1] > one["lines"][0]])
    asking = [  # a list of nothing asks less
        name
        for name, one in found.items()
        if one["queries"][1] > (longest if name in TABLES else one["queries"][0])
    ]
    _tell("no more queries", asking)


def _tell(what: str, exceptions: list[str]) -> None:
    print(f"{what}: {'not ' + ', '.join(exceptions) if exceptions else 'all'}")


def _measured(name: str, portals: list[Connection], rounds: int) -> Figures:
    """Ask both in turn, print, and return the ratio of the medians, and both counts of queries and lines."""
    queries, lines = ([_ask(portal, name, what) for portal in portals] for what in ("queries", "lines"))
    times: list[list[float]] = [[], []]
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 else (1, 0):
            times[side].append(_ask(portals[side], name, "ms"))
    few_ms, many_ms = map(statistics.median, times)
    ratio, best = many_ms / few_ms, min(times[1]) / min(times[0])
    counts = "".join(f"{one:{wide}}" for one, wide in zip((*queries, *lines), (7, 9, 7, 9), strict=True))
    print(f"{name:{WIDE}}{counts}{few_ms:9.1f}{many_ms:9.1f}{ratio:7.2f}{best:8.2f}", flush=True)
    return {"ratio": ratio, "queries": queries, "lines": lines}


def _ask(portal: Connection, name: str, what: str) -> Any:
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
        asked.send(f"{kind}: {fill(size)}")
        actions = _actions()
        for action in actions.values():
            action()
        while question := asked.recv():
            name, what = question
            asked.send({"queries": _queries, "ms": _ms, "lines": _lines}[what](actions[name]))


def fill(size: int) -> str:
    """Make homes up to the size, have them counted, and hire somebody to look after them."""
    from django.core.management import call_command

    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.cases import open_counts
    from gridshare_portal.portfolio.models import Group, SiteRow
    from gridshare_portal.portfolio.projection import passes
    from gridshare_portal.synthetic import rows
    from tests import people

    began_s = time.monotonic()
    if missing := size - rows.made_count():
        call_command("make_portfolio", missing, kind="retailer", days=2, ready=True, yes=True, verbosity=0)
    made_s = time.monotonic() - began_s
    whose, now = organization(), datetime.now(UTC)
    with _patience() as cursor:
        is_late = _freshen(now)
        cursor.execute("ANALYZE")
    open_counts.count(now=now)
    if is_late or not Group.objects.exists():
        _group(whose)
        passes.whole(organization=whose, now=datetime.now(UTC))
    if not accounts.User.objects.filter(email=STAFF).exists():
        people.staff(STAFF, whose, "admin")
    with _patience() as cursor:
        cursor.execute("ANALYZE")
    return f"{rows.made_count():,} homes, {SiteRow.objects.count():,} shared; made in {made_s:.0f} s"


@contextlib.contextmanager
def _patience() -> Iterator[CursorWrapper]:
    """Let a statement take longer than any of the portal's may."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
        yield cursor


def _freshen(now: datetime) -> bool:
    """Let homes that were made a while ago have told their newest reading as lately as then; say if so."""
    from django.db.models import F, Max

    from gridshare_portal.telemetry.models import Latest

    read_at = Latest.objects.aggregate(newest=Max("read_at"))["newest"]
    ago_s = (now - read_at).total_seconds() // QUARTER_S * QUARTER_S
    is_late: bool = ago_s > 3 * QUARTER_S
    if is_late:
        later = timedelta(seconds=ago_s)
        Latest.objects.update(at=F("at") + later, read_at=F("read_at") + later)
    return is_late


def _group(whose: accounts.Organization) -> None:
    """Put a hundred homes into one group, and half of all into another."""
    from gridshare_portal.portfolio.models import Group, SiteRow
    from gridshare_portal.portfolio.table import groups

    if not Group.objects.exists():
        pks = list(SiteRow.objects.order_by("site_id").values_list("site_id", flat=True))
        groups.add(organization=whose, name="Few", homes=pks[7 :: max(len(pks) // 100, 1)])
        groups.add(organization=whose, name="Half", homes=pks[::2])


def _actions() -> dict[str, Callable[[], int]]:
    """Return what is measured, by its name."""
    from django.http import QueryDict

    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.portfolio.models import Group, SiteRow
    from gridshare_portal.portfolio.table import listing
    from gridshare_portal.portfolio.table import query as table_query

    browser, whose = client(), organization()
    user = accounts.User.objects.get(email=STAFF)
    lines = SiteRow.objects.filter(organization=whose).order_by("name_key", "site_id")
    middle = lines[lines.count() // 2]

    def lies(query: str, word: str) -> str:
        page = listing.page(user, whose, table_query.read(QueryDict(query)), now=datetime.now(UTC))
        return f"homes/?{getattr(page, word)}"

    places = {
        "second": lies("", "following"),
        "before": lies("before=end", "preceding"),
        "middle": f"{middle.site_id}~{middle.name_key}",
        "slug": SLUG,
        **{group.name.lower(): group.pk for group in Group.objects.all()},
    }

    def asking(path: str) -> Callable[[], int]:
        address = urljoin(f"/portfolio/{SLUG}/", path.format(**places))

        def ask() -> int:
            page = browser.get(address)
            assert page.status_code == 200, (address, page.status_code)
            return page.content.count(b"data-row")

        return ask

    return {name: asking(path) for name, path in (PAGES | {one: f"homes/?{one}" for one in TABLES}).items()}


def client() -> Client:
    """Return the browser of an admin."""
    from django.test import Client

    from gridshare_portal.accounts import models as accounts

    browser = Client(headers={"host": "localhost"})
    browser.force_login(accounts.User.objects.get(email=STAFF))
    return browser


def organization() -> accounts.Organization:
    """Return the retailer."""
    from gridshare_portal.accounts import models as accounts

    return accounts.Organization.objects.get(slug=SLUG)


def _queries(action: Callable[[], int]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def _lines(action: Callable[[], int]) -> int:
    return action()


def _ms(action: Callable[[], int]) -> float:
    began_s = time.perf_counter()
    action()
    return (time.perf_counter() - began_s) * 1000


if __name__ == "__main__":
    main()
