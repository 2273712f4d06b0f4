"""What each page says, and how much longer it takes, while the API, Redis or the worker is gone.

    .venv/bin/python -m benchmarks.outages

Starts the whole portal on free ports, lets Ada connect, and walks her pages: in peace first, then with one
fault after another. Prints the status, the median time and its ratio to peace for each page, and what the
home page says about the age of its readings.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gridshare_portal.demo.visitor import Visitor
from tests import portal as portals

PAGES = ("", "now/", "history/", "history/?view=year", "history.json", "devices/", "control/", "activity/")
ROUNDS = 5
Found = dict[str, tuple[int, float]]  # status and median milliseconds of each page


class Ada(Visitor):
    """A homeowner who knows where her home's page is, once she has seen it."""

    home = ""


def walk(ada: Ada) -> Found:
    """Return status and median milliseconds of each page."""
    found = {}
    for path in PAGES:
        times, status = [], 0
        for _ in range(ROUNDS):
            began = time.perf_counter()
            status = ada.get(ada.home + path, timeout=30).status_code
            times.append((time.perf_counter() - began) * 1000)
        found[path] = (status, statistics.median(times))
    return found


def words(ada: Ada) -> str:
    """Return how old the home page says its readings are, and its banner if it has one."""
    page = ada.get(ada.home, timeout=30).text
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.find("<main") :]))
    return plain[:230].strip()


def report(name: str, ada: Ada, peace: Found | None) -> Found:
    """Walk once and print it beside the walk in peace."""
    found = walk(ada)
    print(f"\n{name}\n  home page begins: {words(ada)}")
    for path, (status, ms) in found.items():
        ratio = f"{ms / peace[path][1]:5.1f} x" if peace else ""
        print(f"  {status}  {ms:7.1f} ms {ratio}  /{path}")
    return found


def run(company: portals.Company) -> None:
    """Walk in peace, then under each fault."""
    ada = Ada(company.stage.url)
    ada.sign_in("ada@demo.localhost")
    ada.connect("ada")
    company.until(lambda: "Powered by yourself" in ada.look("/").text)
    ada.home = ada.look("/").url
    company.until(lambda: "Fetching the past" not in ada.look("/").text, within_s=300)
    peace = report("in peace", ada, None)

    def during(name: str, begin: Callable[[], object], end: Callable[[], object]) -> None:
        begin()
        report(name, ada, peace)
        end()

    refuse = {"operation": "*", "kind": "refuse_connection"}
    heal = lambda: company.control("DELETE", "faults")  # noqa: E731
    during("API down", lambda: company.control("POST", "faults", **refuse), heal)
    signal_redis = company.redis.send_signal
    during("Redis hangs", lambda: signal_redis(signal.SIGSTOP), lambda: signal_redis(signal.SIGCONT))
    during(
        "Redis killed",
        lambda: company.kill(company.redis),
        lambda: company.start("Redis", company.stage.redis()),
    )
    during("worker killed", lambda: company.kill(company.worker), company.start_worker)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        gathered = portals.Company(Path(folder), {k: v for k, v in os.environ.items() if k != "REDIS_URL"})
        try:
            gathered.gather()
            run(gathered)
        finally:
            gathered.dismiss()
            gathered.stage.clear()
