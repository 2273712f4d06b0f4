"""Starts the demonstration's programs, and stops all of them as soon as one ends.

Each child leads a process group of its own, so that whatever it started ends with it; on
Linux the kernel ends the children too should this process be killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request

from gridshare_portal.demo import people
from gridshare_portal.demo.stage import Stage

PATIENCE_S = 60.0
FAREWELL_S = 8.0
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Somebody asked the demonstration to end, or one of its programs did."""


class Company:
    """The running children, by name, in the order of starting."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._errands: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._may_go_on = True

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start one program in a process group of its own."""
        child = subprocess.Popen(  # noqa: S603
            command,
            cwd=self._stage.root,
            env=self._stage.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # complaints come on standard error
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )
        self._children.append((name, child))
        return child

    def finish(self, name: str, command: list[str]) -> None:
        """Run one program to its end; raise Stopped when it fails."""
        child = self.start(name, command)
        while child.poll() is None:
            self._heed()
            time.sleep(0.02)
        if child.returncode != 0:
            raise Stopped(f"{name} failed")
        self._children.pop()

    def send(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start one program that may end by itself, well or not, without anybody waiting for it."""
        child = self.start(name, command)
        self._errands.append(self._children.pop())
        return child

    def check(self) -> None:
        """Raise Stopped when a child has ended by itself, and KeyboardInterrupt when asked to stop."""
        self._heed()
        for name, child in self._children:
            if child.poll() is not None:
                raise Stopped(f"{name} ended with status {child.returncode}")

    def ask_to_stop(self, *_signal: object) -> None:
        """Stop at the next look: an exception out of a signal could leave a child's lock held for good."""
        self._may_go_on = False

    def _heed(self) -> None:
        if not self._may_go_on:
            raise KeyboardInterrupt

    def dismiss(self) -> None:
        """Ask every group to end, last started first, and make it so after a while."""
        everybody = [*self._children, *self._errands]
        for _name, child in reversed(everybody):
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + FAREWELL_S
        for _name, child in everybody:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        for _name, child in everybody:
            _signal_group(child, signal.SIGKILL)
            child.wait()


def run(stage: Stage) -> int:
    """Run the demonstration until it is asked to end (0) or one of its programs ends (1)."""
    company = Company(stage)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, company.ask_to_stop)
    try:
        _raise_curtain(company, stage)
        while True:
            company.check()
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("\nStopping…", flush=True)
        return 0
    except Stopped as reason:
        print(f"\nStopping: {reason}.", flush=True)
        return 1
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        company.dismiss()
        stage.clear()


def _raise_curtain(company: Company, stage: Stage) -> None:
    began = time.monotonic()
    if stage.redis():
        company.start("Redis", stage.redis())
    company.start("the sandbox", stage.sandbox())
    company.finish("preparing the database", stage.preparation())
    company.start("the web server", stage.web())
    print(f"Starting the portal at {stage.url} …", flush=True)
    _wait_for_page(company, stage)
    company.start("the worker", stage.worker())
    company.start("beat", stage.beat())
    if stage.opening():
        company.send("BrightGrid's first days", stage.opening())
    print(f"\n  The portal answers at {stage.url} ({time.monotonic() - began:.1f} s)")
    print("\n  Sign in with one click at " + stage.url + "/demo/ as")
    for person in people.PEOPLE:
        print(f"    {person.email:22} {person.story}")
    print(f"  or by a code that is e-mailed to them; e-mails land on {stage.url}/demo/")
    print("  At the pretended Lunar sign-in, choose the same name.\n\n  Ctrl-C stops everything.", flush=True)


def _wait_for_page(company: Company, stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        company.check()
        if _answers(stage.url):
            return
        time.sleep(0.1)
    raise Stopped(f"no page within {PATIENCE_S:.0f} s")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it has ended; run it in the child."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
