"""How long a page takes beside 500 clients that never end their request, and without them.

    .venv/bin/python -m benchmarks.half_open [--clients 500] [--rounds 3]

The web server runs as in the Procfile. Clients of a kind stop in the middle of the first line, of a header,
or of a body whose length they announced, with a CSRF cookie; whichever is ended is replaced at once. Each
kind's p99 stands beside that of a stretch of peace just before it. Ends with 1 if the median ratio of a kind
is above 2.
"""

from __future__ import annotations

import argparse
import contextlib
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.faults import databases, deployment, inside, load, nemesis

CALLERS, CALLS = 4, 100
AT_MOST = 2.0


def main() -> None:
    """Measure each kind beside peace, and print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ratios: dict[str, list[float]] = {kind: [] for kind in nemesis.HALF}
    with running() as (portal, ada):
        times(ada)  # the first pages load what later ones have
        for _ in range(given.rounds):
            for kind, sent in nemesis.HALF.items():
                peace_s, beside_s, opened = measured(portal, ada, sent, given.clients)
                ratios[kind].append(beside_s / peace_s)
                told = f"p99 {beside_s * 1000:6.1f} ms, in peace {peace_s * 1000:6.1f} ms"
                crowd = f"{given.clients} clients, {opened} connections"
                print(f"half a {kind:8} {crowd}: {told}, {beside_s / peace_s:5.2f} times", flush=True)
    medians = {kind: statistics.median(known) for kind, known in ratios.items()}
    print("median ratio: " + ", ".join(f"half a {kind} {ratio:.2f}" for kind, ratio in medians.items()))
    sys.exit(any(ratio > AT_MOST for ratio in medians.values()))


@contextlib.contextmanager
def running() -> Iterator[tuple[deployment.Deployment, load.Person]]:
    """Run the portal with a homeowner whose home was read; nothing else goes on in it."""
    with tempfile.TemporaryDirectory(prefix="half-open-") as folder:
        portal = deployment.Deployment(Path(folder), databases.Sqlite())
        try:
            people = load.Load(portal.url, portal.gather(), Path(folder) / "mail", seed=1)
            people.connect()
            portal.until(people.find_homes, "everybody's home")
            portal.kill("worker", "beat")
            yield portal, people.people[next(iter(inside.HOMEOWNERS))]
        finally:
            portal.dismiss()


def measured(
    portal: deployment.Deployment, ada: load.Person, sent: bytes, count: int
) -> tuple[float, float, int]:
    """Return p99 in peace and beside the clients, in seconds, and how many connections they opened."""
    peace_s = p99(times(ada))
    crowd = Crowd(portal.port, sent, count)
    crowd.start()
    portal.until(lambda: crowd.opened >= count, "all clients to be there")
    beside_s = p99(times(ada))
    crowd.ends.set()
    crowd.join()
    return peace_s, beside_s, crowd.opened


def times(ada: load.Person) -> list[float]:
    """Return the seconds that each of many pages took, asked for by a few callers side by side."""
    took: list[float] = []

    def call() -> None:
        with requests.Session() as session:
            session.cookies.update(ada.cookies)
            for _ in range(CALLS):
                began = time.perf_counter()
                answer = session.get(ada.url + ada.home, timeout=60)
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200, answer.status_code

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert len(took) == CALLERS * CALLS, "a page was not answered"
    return took


def p99(took: list[float]) -> float:
    """Return what 99 of 100 took at most."""
    return statistics.quantiles(took, n=100)[-1]


class Crowd(threading.Thread):
    """Clients that never end their request; whichever the server ends is replaced."""

    def __init__(self, port: int, sent: bytes, count: int) -> None:
        super().__init__(daemon=True)
        self.port, self.sent, self.count, self.opened = port, sent, count, 0
        self.ends = threading.Event()

    def run(self) -> None:
        """Keep as many connections open as there are clients."""
        with selectors.DefaultSelector() as waiting:
            for _ in range(self.count):
                self._open(waiting)
            while not self.ends.is_set():
                for key, _ in waiting.select(0.1):
                    waiting.unregister(key.fileobj)
                    self._close(key.fileobj)
                    self._open(waiting)
            for key in list(waiting.get_map().values()):
                self._close(key.fileobj)

    def _open(self, waiting: selectors.BaseSelector) -> None:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        client.sendall(self.sent)
        waiting.register(client, selectors.EVENT_READ)
        self.opened += 1

    def _close(self, client: object) -> None:
        assert isinstance(client, socket.socket)  # nothing else was registered
        client.close()


if __name__ == "__main__":
    main()
