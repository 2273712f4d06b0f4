"""Starts the demonstration's programs, and stops all of them as soon as one ends.

Each child leads a process group, so that whatever it started ends with it; on Linux the kernel ends the
children too if this process is killed.
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
ENDING_S = 8.0
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """A program ended by itself, or failed."""


class Programs:
    """The running children by name, in the order of starting."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._optional: list[subprocess.Popen[bytes]] = []
        self._is_stopping = False

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start one program in a process group of its own."""
        child = subprocess.Popen(  # noqa: S603
            command,
            cwd=self._stage.root,
            env=self._stage.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # errors go to standard error
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )
        self._children.append((name, child))
        return child

    def finish(self, name: str, command: list[str]) -> None:
        """Run one program to its end; raise Stopped when it fails."""
        child = self.start(name, command)
        while child.poll() is None:
            self._raise_if_stopping()
            time.sleep(0.02)
        if child.returncode != 0:
            raise Stopped(f"{name} failed")
        self._children.pop()

    def send(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start one program that may end by itself, well or not, without anybody waiting for it."""
        self.start(name, command)
        self._optional.append(self._children.pop()[1])
        return self._optional[-1]

    def check(self) -> None:
        """Raise Stopped when a child has ended by itself, and KeyboardInterrupt when a stop was requested."""
        self._raise_if_stopping()
        for name, child in self._children:
            if child.poll() is not None:
                raise Stopped(f"{name} ended with status {child.returncode}")

    def request_stop(self, *_signal: object) -> None:
        """Stop at the next check; an exception raised by the signal could leave a child's lock held."""
        self._is_stopping = True

    def _raise_if_stopping(self) -> None:
        if self._is_stopping:
            raise KeyboardInterrupt

    def dismiss(self) -> None:
        """Terminate every process group, last started first, and kill what is left after ENDING_S."""
        children = [*(child for _name, child in self._children), *self._optional]
        for child in reversed(children):
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + ENDING_S
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        for child in children:
            _signal_group(child, signal.SIGKILL)
            child.wait()


def run(stage: Stage) -> int:
    """Run the demonstration until a signal ends it (0) or one of its programs ends (1)."""
    programs = Programs(stage)
    for number in ENDING_SIGNALS:
        signal.signal(number, programs.request_stop)
    try:
        _start_all(programs, stage)
        while True:
            programs.check()
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("\nStopping…", flush=True)
        return 0
    except Stopped as reason:
        print(f"\nStopping: {reason}.", flush=True)
        return 1
    finally:
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        programs.dismiss()
        stage.clear()


def _start_all(programs: Programs, stage: Stage) -> None:
    began = time.monotonic()
    if stage.redis():
        programs.start("Redis", stage.redis())
    programs.start("the sandbox", stage.sandbox())
    prepared = stage.is_prepared()
    if prepared:
        programs.start("the web server", stage.web())
    programs.finish("preparing the database", stage.preparation())
    if not prepared:
        stage.note_prepared()
        programs.start("the web server", stage.web())
    print(f"Starting the portal at {stage.url} …", flush=True)
    _wait_for_page(programs, stage)
    programs.start("the worker", stage.worker())
    programs.start("beat", stage.beat())
    if stage.opening():
        programs.send("BrightGrid's first days", stage.opening())
    print(f"\n  The portal answers at {stage.url} ({time.monotonic() - began:.1f} s)")
    print("\n  Sign in with one click at " + stage.url + "/demo/ as")
    for person in people.PEOPLE:
        print(f"    {person.email:22} {person.story}")
    print(f"  or by a code that is e-mailed to them; e-mails land on {stage.url}/demo/")
    print("  At the pretended Lunar sign-in, choose the same name.\n\n  Ctrl-C stops everything.", flush=True)


def _wait_for_page(programs: Programs, stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        programs.check()
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(stage.url, timeout=5) as answer,  # noqa: S310  # nosec B310
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise Stopped(f"no page within {PATIENCE_S:.0f} s")


def end_with_parent() -> None:
    """Have the kernel end this process with its parent; to be run in the child."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
