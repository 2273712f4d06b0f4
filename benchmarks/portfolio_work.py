"""What is done with a whole portfolio, of 1,000 and of 100,000 homes: files, and the counting behind pages.

    .venv/bin/python -m benchmarks.portfolio_work
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.portfolio_work

Each action has a process of its own. Beside how long it took stands the most memory the process ever had, and
for how much longer than a thousand homes each thousand of the many took. A file is sent as to a browser and
read away as it comes; beside it stands one of nothing. `--kept PREFIX` as in benchmarks/portfolio_pages.py.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks import portfolio_pages, world

FILES = {"csv": "homes.csv", "xlsx": "homes.xlsx"}
NOTHING = "?q=qqqqqzzzz"


def main() -> None:
    """Print a line for each action and each number of homes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", default="", metavar="PREFIX")
    parser.add_argument("--sizes", type=int, nargs="+", default=portfolio_pages.SIZES)
    given = parser.parse_args()
    found: dict[str, list[tuple[int, float]]] = {}
    for size in given.sizes:
        for name, took_s, peak_mb, words in _apart(_all, size, given.kept and f"{given.kept}{size}"):
            if took_s is not None:
                found.setdefault(name, []).append((size, took_s))
            took = "" if took_s is None else f"{took_s:8.2f} s   peak {peak_mb:4.0f} MB   "
            print(f"{size:>9,} homes   {name:34}{took}{words}", flush=True)
    for name, figures in found.items():
        (few, few_s), (many, many_s) = figures[0], figures[-1]
        if many > few:
            print(
                f"{name:34} each home of the many took {many_s / many / (few_s / few):.2f} of one of the few"
            )


def _apart(action: Callable[..., None], *given: object) -> list[tuple[str, float | None, float, str]]:
    """Run a action in a process of its own, and return what it tells."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=action, args=(there, *given))
    process.start()
    there.close()  # so that a process that falls is heard
    told = []
    with contextlib.suppress(EOFError):
        while True:
            told.append(here.recv())
    process.join()
    assert process.exitcode == 0, action
    return told


def _all(told: Connection, size: int, kept: str) -> None:
    """Make the homes, and let each action run apart."""
    with world.portal(kept) as kind:
        told.send((kind, None, 0.0, portfolio_pages.fill(size)))
        for action in ACTIONS:
            for figures in _apart(action):
                told.send(figures)
        for name in FILES:
            for figures in [*_apart(_file, name, ""), *_apart(_file, name, NOTHING)]:
                told.send(figures)


def _measured(told: Connection, name: str, action: Callable[[], str]) -> None:
    import django

    django.setup()
    began_s = time.perf_counter()
    words = action()
    told.send((name, time.perf_counter() - began_s, _peak_mb(), words))


def _nothing(told: Connection) -> None:
    """Say what a process has that does nothing."""

    def action() -> str:
        portfolio_pages.organization()
        return ""

    _measured(told, "nothing", action)


def _round(told: Connection) -> None:
    """Count the portfolio as the workers do: some steps at a time."""

    def action() -> str:
        from gridshare_portal.portfolio.models import ProjectionPass
        from gridshare_portal.portfolio.projection import passes

        row, now = ProjectionPass.objects.get(organization=portfolio_pages.organization()), datetime.now(UTC)
        ProjectionPass.objects.filter(pk=row.pk).update(due_at=now, began_at=None, lease_until_at=None)
        turns, goes_on = [], True
        while goes_on:
            began_s = time.perf_counter()
            goes_on = passes.run(pk=row.pk, now=now, owner="benchmark")
            turns.append(time.perf_counter() - began_s)
        return f"in {len(turns)} tasks of {max(turns):.1f} s at most"

    _measured(told, "round of counting", action)


def _round_of_news(told: Connection) -> None:
    """Count once more where every home has told something new since."""

    def action() -> str:
        from django.db.models import F

        from gridshare_portal.portfolio.models import SiteRow
        from gridshare_portal.portfolio.projection import passes

        SiteRow.objects.update(solar_w=F("solar_w") + 1, last_reading_key=F("last_reading_key") - 1)
        began_s = time.perf_counter()
        passes.whole(organization=portfolio_pages.organization(), now=datetime.now(UTC))
        return f"of which {time.perf_counter() - began_s:.2f} s the round"

    _measured(told, "… with news of every home", action)


def _day(told: Connection) -> None:
    """Sum yesterday over all homes."""

    def action() -> str:
        from gridshare_portal.portfolio import models as portfolio
        from gridshare_portal.portfolio.projection import daily_sums

        now, whose = datetime.now(UTC), portfolio_pages.organization()
        day = now.date() - timedelta(days=1)
        daily_sums.count(organization=whose.pk, day=day, now=now)
        homes = portfolio.PortfolioDay.objects.get(organization=whose, day=day).figures["from_grid_wh"][
            "homes"
        ]
        return f"over {homes:,} homes"

    _measured(told, "sums of one day", action)


def _open_cases(told: Connection) -> None:
    """Count the open cases."""

    def action() -> str:
        from gridshare_portal.cases import open_counts

        open_counts.count(now=datetime.now(UTC))
        counted = open_counts.last_counts(portfolio_pages.organization())
        assert counted is not None  # they were counted a line above
        return ", ".join(f"{level.label} {number:,}" for level, number in counted.levels)

    _measured(told, "open cases", action)


ACTIONS = (_nothing, _round, _round_of_news, _day, _open_cases)


def _file(told: Connection, kind: str, query: str) -> None:
    """Ask for a file as a browser does, and read it away as it comes."""

    def action() -> str:
        client = portfolio_pages.client()
        began_s = time.perf_counter()
        page = client.get(f"/portfolio/{portfolio_pages.SLUG}/{FILES[kind]}{query}")
        assert page.status_code == 200, page.status_code
        size, lines, first_s = 0, 0, 0.0
        for part in page:
            first_s = first_s or time.perf_counter() - began_s
            size, lines = size + len(part), lines + part.count(b"\n")
        rows = f"{lines - 1:,} rows, " if kind == "csv" else ""
        return f"{rows}{size / 1e6:.2f} MB, its beginning after {first_s:.2f} s"

    _measured(told, f"{kind} of {'nothing' if query else 'all'}", action)


def _peak_mb() -> float:
    """Return the most memory of this program alone: what getrusage says begins with that of its parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
