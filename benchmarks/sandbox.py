"""Measures the sandbox with many homes: its memory, a day of telemetry, a year of hourly buckets.

Everything runs in one process on one core, the client included. Each case stands beside an
answer that needs no reckoning at all, measured in the same run.

    python -m benchmarks.sandbox [--homes 1000]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests

from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.simulation.homes import SimulatedHome
from gridshare_portal.sandbox.simulation.lifetime import Shelf

NOW = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)
ROUNDS = 15
GROUPS = "default,energy"


class Asker:
    """Asks the sandbox for one home's readings, as a client would."""

    def __init__(self, sandbox: wsgi.Sandbox, username: str) -> None:
        customer = sandbox.world.customer(username)
        if customer is None:
            raise ValueError(f"nobody is called {username} where there are so few homes")
        self.sandbox, self.home = sandbox, customer.homes[0]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.pool.grant(username)['access_token']}"

    def sites(self) -> int:
        return len(self._get("/api/v2/sites"))

    def day(self) -> int:
        """Fetch the last 24 hours in quarters of an hour."""
        return self._telemetry(NOW - timedelta(days=1), NOW, "PT15M")

    def year(self) -> int:
        """Fetch a year in hours, in as many calls as the API asks for."""
        starts = [NOW - timedelta(days=days) for days in range(365, 0, -31)]
        return sum(self._telemetry(start, min(start + timedelta(days=31), NOW), "PT1H") for start in starts)

    def _telemetry(self, start: datetime, end: datetime, bucket: str) -> int:
        sent = {
            "start": start.isoformat(),
            "end": end.isoformat(),
            "bucket": bucket,
            "include": "default,energy",
        }
        battery = next(sensor for sensor in self.home.sensors if sensor.meaning == "battery")
        path = f"/api/v2/devices/{battery.synth_id}/telemetry"
        return len(self._get(path, **sent))

    def _get(self, path: str, **params: str) -> list[dict[str, object]]:
        answer = self.session.get(f"{self.sandbox.url}{path}", params=params, timeout=60)
        answer.raise_for_status()
        entries: list[dict[str, object]] = answer.json()["entries"]
        return entries


@dataclass(frozen=True)
class Measured:
    """The median time of a case: of the core it ran on, and by the clock on the wall."""

    core_ms: float
    wall_ms: float
    entries: int


def measure(case: Callable[[], int], before: Callable[[], None] = lambda: None) -> Measured:
    """Run a case some times; other programs on the machine make the wall's time longer, not the core's."""
    core, wall, entries = [], [], 0
    for _ in range(ROUNDS):
        before()
        starts = time.process_time(), time.perf_counter()
        entries = case()
        core.append((time.process_time() - starts[0]) * 1000)
        wall.append((time.perf_counter() - starts[1]) * 1000)
    return Measured(statistics.median(core), statistics.median(wall), entries)


def memory_mb() -> float:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def live_through_all(sandbox: wsgi.Sandbox) -> float:
    """Let every home live its 400 days, and return the mean seconds that one takes."""
    start, homes = time.process_time(), all_homes(sandbox)
    for home in homes:
        sandbox.world.truth(home.site_id, NOW - timedelta(days=400), NOW)
    return (time.process_time() - start) / len(homes)


def all_homes(sandbox: wsgi.Sandbox) -> list[SimulatedHome]:
    """Return every home once."""
    return list({home.site_id: home for c in sandbox.world.customers for home in c.homes}.values())


def report(name: str, case: Measured, nothing: Measured, limit_ms: float) -> None:
    """Print one case beside the answer that needs no reckoning."""
    verdict = "ok" if case.core_ms < limit_ms else "TOO SLOW"
    times = f"{case.core_ms:8.1f} ms {case.core_ms / nothing.core_ms:7.1f} x   (wall {case.wall_ms:7.1f} ms)"
    print(f"{name:<42}{times} {case.entries:6} entries, under {limit_ms:.0f} ms: {verdict}", flush=True)


def main() -> None:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=1000)
    count = parser.parse_args().homes
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    before = memory_mb()
    with wsgi.running(homes=count, now=NOW) as sandbox:
        each = live_through_all(sandbox)
        after = memory_mb()
        cases(Asker(sandbox, "ada"), sandbox.world.shelf)
    print(f"a home's 400 days, for the first time: {each * 1000:.0f} ms of the core")
    verdict = "ok" if after < 400 else "TOO MUCH"
    lived = f"{after:.0f} MB when the homes of {count} customers have lived"
    print(f"memory: {before:.0f} MB at first, {lived}, under 400 MB: {verdict}")


def cases(asker: Asker, shelf: Shelf) -> None:
    """Measure every case beside the list of sites."""
    nothing = measure(asker.sites)
    report("list of sites (nothing to reckon)", nothing, nothing, 20)
    report("day of telemetry, lately asked for", measure(asker.day), nothing, 20)
    report("day of telemetry, lived again", measure(asker.day, shelf.clear), nothing, 20)
    report("year of hourly buckets, lately asked for", measure(asker.year), nothing, 300)
    # Here the home lives its year once more, as one whose days had to make room for those of others.
    report("year of hourly buckets, lived again", measure(asker.year, shelf.clear), nothing, 300)


if __name__ == "__main__":
    main()
