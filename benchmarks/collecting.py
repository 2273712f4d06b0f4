"""What keeping up with 1,000 and with 10,000 homes costs: each is read once, as in every quarter of an hour.

    .venv/bin/python -m benchmarks.collecting [--sizes 1000 10000] [--databases SQLite PostgreSQL]

Worker, beat and Redis run as in the Procfile, PostgreSQL is a server of its own, and the pretended Lunar is
a program reached over HTTP. All homes are due at once, as after an outage. A quarter of them has a token to
be refreshed, one in 24 a day to be asked for again, and one in 24 a connection whose homes are to be
listed: that is what a quarter of an hour brings on average. Processor time is that of each program alone;
the pretended Lunar's is printed beside it. Queries, rows and time in the database are counted in this
process, over homes of their own. Speed is that of this machine, whose processors all of these programs
share; the yardstick, a loop of five million additions meanwhile, says how fast they were.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks import connected_homes, programs, world
from tests.faults import databases

SIZES, KINDS = (1_000, 10_000), ("SQLite", "PostgreSQL")
APART = 60  # homes that are read in this process, to count what it asks of the database
NAMED = 6  # of the cast, of whom none is like another
LONGEST_S = 3_600.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
YARDSTICK_AFTER_S = 20.0  # beat begins with its first sweep
COST_RATIO, COST_MS = 1.2, 15.0


@dataclass(kw_only=True)
class Figures:
    """What one reading of all homes took; milliseconds are of the processor, and of one home."""

    kind: str
    homes: int
    made_s: float = 0.0
    took_s: float = 0.0
    ms: dict[str, float] = field(default_factory=dict)
    calls: dict[str, float] = field(default_factory=dict)
    queries: float = 0.0
    rows: float = 0.0
    database_ms: float = 0.0
    bytes_written: float = 0.0
    stored_bytes: float = 0.0
    peak_mb: float = 0.0
    yardstick_ms: float = 0.0


def main() -> None:
    """Measure each kind of database with each number of homes, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--databases", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--processes", type=int, default=2, help="of the worker")
    given = parser.parse_args()
    for kind in given.databases:
        if kind == "PostgreSQL" and not databases.bin_of("initdb"):
            print("PostgreSQL: its programs are not on this machine")
            continue
        found = [_apart(kind, size, given.processes) for size in given.sizes]
        ratio = found[-1].ms["worker"] / found[0].ms["worker"]
        most_ms = max(one.ms["worker"] for one in found)
        print(
            f"{kind}: a home of {found[-1].homes:,} costs {ratio:.2f} times one of {found[0].homes:,} "
            f"(goal {COST_RATIO}); at most {most_ms:.1f} ms (goal {COST_MS:.0f})",
            flush=True,
        )


def _apart(kind: str, homes: int, processes: int) -> Figures:
    """Measure in a process of its own, since a process has one database."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_measure, args=(there, kind, homes, processes))
    process.start()
    there.close()
    figures = Figures(**here.recv())
    process.join()
    assert process.exitcode == 0
    _tell(figures, processes)
    return figures


def _tell(found: Figures, processes: int) -> None:
    calls = ", ".join(f"{count:.2f} {name}" for name, count in sorted(found.calls.items()))
    ms = ", ".join(f"{name} {spent:.2f}" for name, spent in found.ms.items())
    print(f"\n{found.kind}, {found.homes:,} homes of three sensors, made in {found.made_s:.0f} s", end="")
    print(f"; yardstick {found.yardstick_ms:.0f} ms")
    print(f"  processor of a home, ms      {ms}")
    print(f"  calls of a home              {sum(found.calls.values()):.2f}: {calls}")
    print(
        f"  database, of a home          {found.queries:.1f} queries, {found.rows:.1f} rows written,", end=""
    )
    print(f" {found.database_ms:.2f} ms until answered")
    print(f"  written, of a home           {found.bytes_written / 1000:.1f} KB", end="")
    print(f"; all stored of a home and its person {found.stored_bytes / 1000:.1f} KB")
    speed = found.homes / found.took_s
    print(
        f"  all read in                  {found.took_s:.0f} s: {speed:.1f} homes/s by {processes} processes,",
        end="",
    )
    print(f" {speed / processes:.1f} each, of {found.peak_mb:.0f} MB at most", flush=True)


def _measure(told: Connection, kind: str, homes: int, processes: int) -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="collecting-")))
        server = databases.Postgres(room="4g") if kind == "PostgreSQL" else None
        if server:
            stack.callback(server.remove)
            server.start()
        company = programs.Programs(folder, homes + APART + NAMED, days=4)
        stack.callback(company.clear)
        pretended = company.lunar()
        address = server.url if server else f"sqlite:///{folder}/portal.sqlite3"
        also = {
            "REDIS_URL": f"unix://{company.socket}",
            "GRIDSHARE_URL": pretended.url,
            "LUNAR_LOGIN_URL": pretended.url,
            "LUNAR_ISSUER": pretended.issuer,
        }
        stack.enter_context(world.portal(address, **also))
        found = Figures(kind=kind, homes=homes)
        _fill(found, pretended)
        _count_queries(found)
        Stand(company, pretended, server, folder).read_all(found, processes)
        told.send(asdict(found))


def _fill(found: Figures, pretended: programs.Lunar) -> None:
    from django.db import connection
    from django.utils import timezone

    began_s = time.monotonic()
    connected_homes.make(pretended, now=timezone.now(), apart=APART)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    found.made_s = time.monotonic() - began_s


def _count_queries(found: Figures) -> None:
    """Read the homes that are apart in this process, and count what that asks of the database."""
    from django.db import connection
    from django.utils import timezone

    from gridshare_portal.telemetry import collect
    from gridshare_portal.telemetry.models import Collection

    spent: Counter[str] = Counter()
    spent_s = 0.0

    def counted(execute: Callable[..., object], sql: str, params: object, many: bool, context: Any) -> object:
        nonlocal spent_s
        began_s = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent_s += time.perf_counter() - began_s
            spent["queries"] += 1
            if sql.startswith(("INSERT", "UPDATE", "DELETE")):
                spent["rows"] += max(0, context["cursor"].rowcount)

    apart = list(Collection.objects.order_by("-pk")[:APART])
    theirs = Collection.objects.filter(pk__in=[row.pk for row in apart])
    theirs.update(due_at=timezone.now())
    with connection.execute_wrapper(counted):
        for row in apart:
            collect.run(collection_pk=row.pk, now=timezone.now(), owner="benchmark")
    theirs.update(due_at=timezone.now() + timedelta(hours=3))
    found.queries, found.rows = spent["queries"] / APART, spent["rows"] / APART
    found.database_ms = spent_s * 1000 / APART


class Stand:
    """The programs of one portal, and what they spent so far."""

    def __init__(
        self,
        company: programs.Programs,
        pretended: programs.Lunar,
        server: databases.Postgres | None,
        folder: Path,
    ) -> None:
        self.company, self.pretended, self.server, self.folder = company, pretended, server, folder

    def read_all(self, found: Figures, processes: int) -> None:
        """Start the worker, let it read every home that is due, and note what that took."""
        worker = self.company.commands["worker"]
        worker[worker.index("-c") + 1] = str(processes)
        self.company.start("Redis", "worker")
        _wait(lambda: len(_group(self.company.running["worker"].pid)) > processes, "the worker to be there")
        time.sleep(5.0)  # its processes import what they need
        before, before_bytes, before_calls = self._spent(), self._written(), self.pretended.calls()
        began_s, began_at = time.monotonic(), _now()
        self.company.start("beat")
        time.sleep(YARDSTICK_AFTER_S)
        found.yardstick_ms = yardstick_ms()
        _wait(lambda: not _left(began_at), "all homes to be read", look_every_s=0.5)
        found.took_s = time.monotonic() - began_s
        after, after_calls = self._spent(), self.pretended.calls()
        found.ms = {name: (after[name] - before.get(name, 0.0)) * 1000 / found.homes for name in after}
        found.calls = {
            name: (count - before_calls[name]) / found.homes
            for name, count in after_calls.items()
            if count > before_calls[name]
        }
        found.bytes_written = (self._written() - before_bytes) / found.homes
        found.stored_bytes = self._stored() / (found.homes + APART)
        found.peak_mb = max(_peak_mb(pid) for pid in _group(self.company.running["worker"].pid))
        _must_be_well(began_at, found.homes)

    def _spent(self) -> dict[str, float]:
        """Return the seconds of processor that each program spent, with all that it started."""
        spent = {name: processor_s(child.pid) for name, child in self.company.running.items()}
        if self.server and self.server.server:
            spent["PostgreSQL"] = processor_s(self.server.server.pid)
        return spent

    def _written(self) -> float:
        """Return the bytes written so far: of PostgreSQL's log, else of the worker to its disk."""
        if self.server:
            with self.server.connected() as other:
                row = other.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
                return float(row[0]) if row else 0.0
        pids = _group(self.company.running["worker"].pid)
        return float(sum(_io(pid) for pid in pids))

    def _stored(self) -> float:
        if self.server:
            with self.server.connected() as other:
                row = other.execute("SELECT pg_database_size('portal')").fetchone()
                return float(row[0]) if row else 0.0
        return float((self.folder / "portal.sqlite3").stat().st_size)


def yardstick_ms() -> float:
    """Return what five million additions take of the processor."""
    began_s, total = time.process_time(), 0
    for number in range(5_000_000):
        total += number * number
    return (time.process_time() - began_s) * 1000


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def _left(since: datetime) -> int:
    """Return how many homes were due and are not read yet."""
    from gridshare_portal.sites.models import Sync
    from gridshare_portal.telemetry.models import Collection

    near = since + timedelta(minutes=30)
    unread = Collection.objects.filter(due_at__lt=near, last_ok_at__lt=since)
    return unread.count() + Sync.objects.filter(due_at__lte=since).exclude(state="failed").count()


def _must_be_well(since: datetime, homes: int) -> None:
    from gridshare_portal.lunar.models import Connection as Account
    from gridshare_portal.telemetry.models import Collection

    read = Collection.objects.filter(last_ok_at__gte=since, last_error="", failures=0).count()
    assert read >= homes, f"{homes - read} homes were not read as they should"
    refreshed = Account.objects.filter(refreshed_at__gte=since, failures=0, status="active").count()
    assert refreshed >= homes // connected_homes.REFRESHED_AT_ONCE, refreshed


def _wait(holds: Callable[[], bool], what: str, look_every_s: float = 0.1) -> None:
    until_s = time.monotonic() + LONGEST_S
    while not holds():
        assert time.monotonic() < until_s, f"waited for {what}"
        time.sleep(look_every_s)


def _group(pid: int) -> list[int]:
    """Return the processes of a program's group."""
    return [one for one, group, _s in _processes() if group == pid]


def processor_s(pid: int) -> float:
    """Return the seconds of processor that a program and all that it started have spent."""
    return sum(spent_s for _one, group, spent_s in _processes() if group == pid)


def _processes() -> Iterator[tuple[int, int, float]]:
    """Yield every process: its number, its group, and the seconds it and its ended children spent."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            told = place.read_text().rpartition(")")[2].split()
            yield int(place.parent.name), int(told[2]), sum(map(int, told[11:15])) * TICK_S


def _io(pid: int) -> int:
    told = Path(f"/proc/{pid}/io").read_text()
    return int(told.partition("\nwrite_bytes:")[2].split()[0])


def _peak_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
