"""What each page costs over an empty one: processor time, as a factor, and queries, for 3 and for 60 sensors.

    .venv/bin/python -m benchmarks.page_floors
    .venv/bin/python -m benchmarks.page_floors --only json --rounds 101

The floor is a view that answers with one letter to whoever is signed in, behind the same middleware. Two demo
homes are connected and read in full first. Each round asks for the floor and for every page in turn, in this
process and with collected static files, as in production; the factor is the median of the rounds' own ratios,
so that a busy machine moves it little. `--kept FOLDER` names a folder whose database is filled when empty and
stays, to measure again without reading the homes.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import portfolio_pages, world

if TYPE_CHECKING:
    from django.test import Client

    from gridshare_portal.sites import models as sites

ROUNDS = 41
HOMES = {"ada": "3 sensors", "finn": "60 sensors"}
PORTFOLIO_HOMES = 500
PAGES = {  # at most so many floors, where a goal was set
    "home": ("", 4.0),
    "home, renewed": ("now/", 4.0),
    "history, day": ("history/", 4.0),
    "history, month": ("history/?view=month", 4.0),
    "history, year": ("history/?view=year", 4.0),
    "json, day": ("history.json", 3.0),
    "json, month": ("history.json?view=month", 3.0),
    "json, year": ("history.json?view=year", 3.0),
    "json, day: 304": ("history.json#304", 1.5),
    "json, year: 304": ("history.json?view=year#304", 1.5),
    "control": ("control/", 4.0),
    "devices": ("devices/", 3.0),
}
STAFF_PAGES = {"portfolio": "", "portfolio, renewed": "now/", "homes table": "homes/"}


@dataclass
class Page:
    """One page as somebody asks for it, and what that took each time."""

    name: str
    whose: str
    ask: Callable[[], object]
    goal: float | None = None
    queries: int = 0
    took_s: list[float] = field(default_factory=list)


def main() -> None:
    """Print a line per page and home, and which goals are not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", metavar="WORD", help="only pages with this in their name")
    parser.add_argument("--kept", default="", metavar="FOLDER")
    given = parser.parse_args()
    kept = f"sqlite:///{Path(given.kept).resolve()}/floors.sqlite3" if given.kept else ""
    with world.portal(kept, STATIC_FROM_SOURCE="0") as kind, _collected():
        _fill()
        _as_just_read()
        floor, *pages = _pages(given.only)
        _measure([floor, *pages], given.rounds)
        floor_ms = statistics.median(floor.took_s) * 1000
        print(f"{kind}; floor {floor_ms:.2f} ms of processor time, {floor.queries} queries")
        _report(floor, pages)


def _report(floor: Page, pages: list[Page]) -> None:
    """Print factors over the floor, side by side for both homes, each page on a line."""
    print(f"{'page':20}" + "".join(f"{whose:>13}{'queries':>9}" for whose in HOMES.values()) + "   60 over 3")
    lines: dict[str, list[Page]] = {}
    for page in pages:
        lines.setdefault(page.name, []).append(page)
    missed = []
    for name, found in lines.items():
        factors = [_factor(page, floor) for page in found]
        cells = "".join(f"{one:13.2f}{page.queries:9}" for one, page in zip(factors, found, strict=True))
        wider = f"{_factor(found[1], found[0]):12.2f}" if len(found) == 2 else ""
        print(f"{name:20}{cells}{wider}", flush=True)
        goal = found[0].goal
        if goal is not None and factors[0] > goal:
            missed.append(f"{name} ({factors[0]:.1f} over {goal:g})")
    print(f"goals met with 3 sensors: {'all but ' + ', '.join(missed) if missed else 'all'}")


def _factor(page: Page, over: Page) -> float:
    return statistics.median(one / other for one, other in zip(page.took_s, over.took_s, strict=True))


def _measure(pages: list[Page], rounds: int) -> None:
    for page in pages:
        page.ask()  # the first look fills what each process keeps
        page.queries = _queries(page)
    for turn in range(rounds):
        for page in pages if turn % 2 else pages[::-1]:
            began_s = time.thread_time()
            page.ask()
            page.took_s.append(time.thread_time() - began_s)


def _queries(page: Page) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        page.ask()
    return len(captured)


def _pages(only: str) -> Iterator[Page]:
    """Yield the floor, then each page of both homes, then those of a retailer."""
    from django.test import Client

    from gridshare_portal.sites import models as sites

    clients = {}
    for username in HOMES:
        site = sites.Site.objects.get(connection_sites__connection__user__email=f"{username}@portal.example")
        clients[username] = Client(headers={"host": "localhost"}), site
        clients[username][0].force_login(world.owner_of(site))
    yield Page("floor", "", _asking(clients["ada"][0], _floor()))
    for name, (path, goal) in PAGES.items():
        for username, whose in HOMES.items():
            if only in name:
                client, site = clients[username]
                yield Page(name, whose, _asking(client, f"/homes/{site.synth_id}/{path}"), goal)
    staff = portfolio_pages.client()
    for name, path in STAFF_PAGES.items():
        if only in name:
            yield Page(name, "500 homes", _asking(staff, f"/portfolio/{portfolio_pages.SLUG}/{path}"))


def _asking(client: Client, address: str) -> Callable[[], object]:
    """Return how a browser asks; where the address ends in #304, with the mark that it was told before."""
    address, _, repeated = address.partition("#")
    headers = {"accept-encoding": "gzip, deflate, br", "sec-fetch-site": "same-origin"}
    expected = 304 if repeated else 200
    if repeated:
        headers["if-none-match"] = client.get(address, headers=headers)["ETag"]

    def ask() -> None:
        answer = client.get(address, headers=headers)
        assert answer.status_code == expected, (address, answer.status_code)

    return ask


def _floor() -> str:
    """Add an address whose view does nothing for whoever is signed in, and return it."""
    from django.contrib.auth.decorators import login_required
    from django.http import HttpResponse
    from django.urls import clear_url_caches, path

    from gridshare_portal import urls

    urls.urlpatterns.insert(0, path("floor", login_required(lambda _request: HttpResponse("."))))
    clear_url_caches()
    return "/floor"


@contextlib.contextmanager
def _collected() -> Iterator[None]:
    """Collect the static files into a folder for as long as this lasts."""
    from django.core.management import call_command
    from django.test import override_settings

    with TemporaryDirectory() as folder, override_settings(STATIC_ROOT=folder):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield


def _fill() -> None:
    """Give a retailer a portfolio, then connect both homes and read all of their past."""
    from gridshare_portal.accounts import models as accounts

    print(portfolio_pages.fill(PORTFOLIO_HOMES), flush=True)
    if not accounts.User.objects.filter(email__startswith="ada@").exists():
        with world.pretended(homes=6) as sandbox:
            for username in HOMES:
                site, calls, took_s = next(world.connected(sandbox, username))
                _read_states(site)
                print(
                    f"{username}: {site.sensors.count()} sensors, {calls} calls, {took_s:.0f} s", flush=True
                )


def _read_states(site: sites.Site) -> None:
    from django.utils import timezone

    from gridshare_portal.control import queries, state

    for known in queries.battery_states_of(site):
        state.refresh(device=known.device, now=timezone.now())


def _as_just_read() -> None:
    """Let everything look as it does while the worker keeps up, so that no page has anything to wake."""
    from datetime import timedelta

    from django.utils import timezone

    from gridshare_portal.control.models import State
    from gridshare_portal.telemetry.models import Collection, Latest

    now = timezone.now()
    Collection.objects.filter(site__collection__isnull=False).update(
        last_ok_at=now, stamped_at=now, due_at=now, watched_at=now + timedelta(hours=1)
    )
    at = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) - timedelta(minutes=15)
    Latest.objects.update(at=at, read_at=now)
    State.objects.update(tried_at=now + timedelta(hours=1), watched_at=now + timedelta(hours=1))


if __name__ == "__main__":
    main()
