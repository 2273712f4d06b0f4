"""What breaks, one after the other, while people use the portal.

Each fault is seen to have happened: it lasts until people were answered meanwhile, or until Lunar was asked.
It names the statuses that are honest as long as it lasts; all others are the checker's business.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gridshare_portal.sandbox.api import faults as lunar
from tests.faults import deployment, load
from tests.faults.history import SILENCE, Window

ALL_DATABASES = ("SQLite", "PostgreSQL")
AWAY, DOWN = frozenset({503}), frozenset({503, SILENCE})
ANSWERS = 15  # at least so many while something is broken
OPEN_CLIENTS = 60
HALF = {
    "head": b"POST /healthz HT",
    "headers": b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "body": b"POST /accounts/login/code/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: csrf=a\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nab",
}
BACKGROUND = ("Redis", "worker", "beat", "database", "disk")
READS_OF_A_DEVICE = ("getDevice", "getDeviceOperationMode", "getDeviceOverlayPlan")


@dataclass(kw_only=True)
class Stand:
    """A portal with people in it, and the windows in which something was broken so far."""

    portal: deployment.Deployment
    people: load.Load
    windows: list[Window] = field(default_factory=list)

    def wait_for_answers(self, count: int = ANSWERS) -> None:
        """Wait until people got so many answers from now on."""
        since = len(self.people.noted)
        self.portal.until(lambda: self.people.answered(since, count), f"{count} answers")

    def wait_for_status(self, *statuses: int, count: int = 1) -> None:
        """Wait until people got such an answer from now on."""
        since = len(self.people.noted)
        seen = lambda one: one.status in statuses  # noqa: E731
        self.portal.until(lambda: self.people.answered(since, count, wanted=seen), f"status {statuses}")

    def calls(self, *operations: str) -> int:
        """Return how often Lunar was asked for any of these."""
        counted = self.portal.ask_lunar("GET", "calls")
        return sum(counted[name] for name in operations)

    def wait_for_calls(self, *operations: str, count: int = 1) -> None:
        """Wait until Lunar was asked so often from now on."""
        before = self.calls(*operations)
        self.portal.until(
            lambda: self.calls(*operations) >= before + count, f"{count} calls of {', '.join(operations)}"
        )

    def wait_until_well(self) -> None:
        """Wait until the portal answers people again."""
        self.portal.until(self.portal.is_up, "the portal to be ready")
        self.wait_for_status(200, count=3)

    def wait_for_worker(self) -> None:
        """Wait until beat and worker were heard of after whatever last befell them or Redis."""
        theirs = [one.ended for one in self.windows if any(word in one.fault for word in BACKGROUND)]

        def is_heard() -> bool:
            age_s = self.portal.deep().json()["heartbeat_age_seconds"]
            return age_s is not None and time.time() - age_s > max(theirs, default=0)

        self.portal.until(is_heard, "the worker to be heard of")

    @contextlib.contextmanager
    def failing(self, kind: str, *operations: str, **options: object) -> Iterator[None]:
        """Let operations of Lunar go wrong meanwhile."""
        for operation in operations:
            self.portal.ask_lunar("POST", "faults", operation=operation, kind=kind, **options)
        try:
            yield
        finally:
            self.portal.ask_lunar("DELETE", "faults")


Act = Callable[[Stand], None]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: what is done, what is honest meanwhile, where it can be, whether the quick round has it."""

    act: Act
    allows: frozenset[int] = frozenset()
    databases: tuple[str, ...] = ALL_DATABASES
    is_quick: bool = False
    needs_root: bool = False


def live_through(stand: Stand, name: str, fault: Fault) -> Window:
    """Let everybody live through a fault, and keep the window in which it was."""
    began = time.time()
    fault.act(stand)
    stand.wait_until_well()
    window = Window(fault=name, began=began, ended=time.time(), allows=fault.allows)
    stand.windows.append(window)
    return window


def api(kind: str, **options: object) -> Act:
    """Return the fault that every operation of the API goes wrong."""

    def act(stand: Stand) -> None:
        every = (*lunar.READS, *lunar.WRITES)
        with stand.failing(kind, *every, **options):
            stand.wait_for_calls(*every)
            stand.wait_for_answers()

    return act


def login(kind: str, **options: object) -> Act:
    """Return the fault that tokens are not refreshed as they should."""

    def act(stand: Stand) -> None:
        with stand.failing(kind, "oauthToken", **options):
            stand.portal.inside("due")
            stand.wait_for_calls("oauthToken", count=2)
            stand.wait_for_answers()

    return act


def writes(kind: str) -> Act:
    """Return the fault that writes, and nothing else, go wrong."""

    def act(stand: Stand) -> None:
        with stand.failing(kind, *lunar.WRITES):
            stand.wait_for_calls(*lunar.WRITES, count=3)

    return act


def killed(*names: str, during: tuple[str, ...] = (), ms: int = 1500) -> Act:
    """Return the fault that programs die by -9 and are started again; `during` calls that take their time."""

    def act(stand: Stand) -> None:
        with stand.failing("latency", *during, ms=ms) if during else contextlib.nullcontext():
            if "oauthToken" in during:
                stand.portal.inside("due")
            if during:
                stand.wait_for_calls(*during)
            stand.portal.kill(*names)
        if "web" not in names:
            stand.wait_for_answers()
        stand.portal.start(*names)

    return act


def halted(name: str, answers: int = ANSWERS) -> Act:
    """Return the fault that a program hangs for a while."""

    def act(stand: Stand) -> None:
        with stand.portal.halted(name):
            stand.wait_for_answers(answers)

    return act


def redis_flushed(stand: Stand) -> None:
    stand.portal.broker().flushall()
    stand.wait_for_answers()


def redis_full(stand: Stand) -> None:
    with contextlib.closing(stand.portal.broker()) as broker:
        broker.config_set("maxmemory-policy", "noeviction")
        broker.config_set("maxmemory", 1)
        stand.wait_for_answers()
        broker.config_set("maxmemory", 0)


def database_restarted(how: signal.Signals, *, away_for: int = 0) -> Act:
    """Return the fault that the server ends in this way, and is away until so many were told so."""

    def act(stand: Stand) -> None:
        stand.portal.database.stop(how)
        if away_for:
            stand.wait_for_status(503, count=away_for)
        stand.portal.database.start()

    return act


def connections_cut(stand: Stand) -> None:
    for _ in range(5):
        stand.portal.database.cut()
        stand.wait_for_answers(8)


def no_connection_left(stand: Stand) -> None:
    with stand.portal.database.full_of_clients():
        stand.wait_for_status(503, count=3)


def database_locked(stand: Stand) -> None:
    with stand.portal.database.locked():
        stand.wait_for_status(503)


def disk_full(stand: Stand) -> None:
    """Fill the disk that the database lies on, and make room again."""
    database = stand.portal.database
    database.leave_no_room()
    ballast = database.disk.place / "ballast"
    try:
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 65536)
        database.need_room()
        stand.wait_for_status(503)
    finally:
        ballast.unlink()
    database.recover()


def clock_moved(seconds: int) -> Act:
    """Return the fault that the web server's clock is wrong by so much; it is stopped in order before and after."""

    def act(stand: Stand) -> None:
        stand.people.may_choose_modes = False  # which device took which is told by moments
        for moved in (seconds, 0):
            stop_in_order(stand, "web")
            path = str(Path(__file__).parent / "moved_clock")
            stand.portal.start("web", **({"CLOCK_MOVED_S": str(moved), "PYTHONPATH": path} if moved else {}))
            stand.wait_until_well()
            if moved:
                stand.wait_for_answers(4 * ANSWERS)
                stand.portal.inside("due")
                stand.wait_for_calls("oauthToken", count=2)
        stand.people.may_choose_modes = True

    return act


def stop_in_order(stand: Stand, name: str) -> None:
    """Let a program come to its end by itself."""
    child = stand.portal.running.pop(name)
    child.terminate()
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def beat_dead(stand: Stand) -> None:
    """Let beat be dead until operators are told so, and again until they are told that all is well."""
    stand.portal.kill("beat")
    stand.portal.until(lambda: stand.portal.deep().status_code == 503, "operators to be told")
    stand.portal.start("beat")
    stand.portal.until(
        lambda: stand.portal.deep().status_code == 200, "operators to be told that all is well"
    )


def two_beats(stand: Stand) -> None:
    stand.portal.start("another beat")
    stand.portal.inside("due")
    stand.wait_for_answers(6 * ANSWERS)
    stand.portal.kill("another beat")


def half_open(stand: Stand) -> None:
    """Open many connections of each kind that never end their request."""
    for sent in HALF.values():
        with contextlib.ExitStack() as clients:
            for _ in range(OPEN_CLIENTS):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", stand.portal.port)))
                client.sendall(sent)
            stand.wait_for_answers()


PG = ("PostgreSQL",)
FAULTS: dict[str, Fault] = {
    "replies to writes lost": Fault(act=writes("lost_reply"), is_quick=True),
    "writes answered with 500": Fault(act=writes("server_error")),
    "login loses replies": Fault(act=login("lost_reply", every=2)),
    "login down": Fault(act=login("server_error")),
    "login hangs": Fault(act=login("latency", ms=9000, times=4)),
    "tokens refused": Fault(act=api("token_expired", every=3)),
    "worker killed in a refresh": Fault(act=killed("worker", during=("oauthToken",)), is_quick=True),
    "web killed before a write": Fault(act=killed("web", during=READS_OF_A_DEVICE), allows=DOWN),
    "web killed in a write": Fault(act=killed("web", during=lunar.WRITES), allows=DOWN),
    "web killed in a refresh": Fault(act=killed("web", during=("oauthToken",)), allows=DOWN),
    "worker halted": Fault(act=halted("worker")),
    "worker, beat and Redis killed": Fault(act=killed("worker", "beat", "Redis")),
    "beat dead": Fault(act=beat_dead),
    "two beats": Fault(act=two_beats),
    "Redis halted": Fault(act=halted("Redis")),
    "Redis killed": Fault(act=killed("Redis")),
    "Redis flushed": Fault(act=redis_flushed),
    "Redis full": Fault(act=redis_full),
    "database restarted": Fault(act=database_restarted(signal.SIGINT), allows=AWAY, databases=PG),
    "database crashed": Fault(act=database_restarted(signal.SIGQUIT), allows=AWAY, databases=PG),
    "database away": Fault(act=database_restarted(signal.SIGINT, away_for=8), allows=AWAY, databases=PG),
    "connections cut": Fault(act=connections_cut, allows=AWAY, databases=PG),
    "no connection left": Fault(act=no_connection_left, allows=AWAY, databases=PG),
    "database locked": Fault(act=database_locked, allows=AWAY, is_quick=True),
    "disk full": Fault(act=disk_full, allows=AWAY, needs_root=True),
    "web ten minutes ahead": Fault(act=clock_moved(600), allows=DOWN),
    "web ten minutes behind": Fault(act=clock_moved(-600), allows=DOWN),
    "half-open clients": Fault(act=half_open),
    "API too busy": Fault(act=api("too_many", retry_after=None)),
    "API down for a while it names": Fault(act=api("unavailable", retry_after=2)),
    "API drips": Fault(act=api("drip", every=2, pause_ms=300)),
    "API cut off": Fault(act=api("truncated", fitting_length=False)),
    "API says nonsense": Fault(act=api("wrong_types")),
    "API is another page": Fault(act=api("html_page")),
    "API gateway broken": Fault(act=api("bad_gateway_html")),
    "API halted": Fault(act=halted("Lunar")),
    "API refuses": Fault(act=api("refuse_connection")),
    "API down": Fault(act=api("server_error")),
}
