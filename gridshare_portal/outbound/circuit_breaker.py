"""Circuit breakers of this process: leave a program alone that fails, or that asked to be left alone.

After so many failures in a row a breaker opens, and then lets one call through at a time, every so many
seconds, to find out whether the program is back. A program that is asked too often, and does not say for how
long it wants to be left alone, gets half as many calls side by side, after pauses that double; each answer
brings some of it back. Each process learns this for itself.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import defaultdict

FAILURES_IN_A_ROW = 5
PROBE_EVERY_S = 30.0
LONGEST_PAUSE_S = 3600.0
SIDE_BY_SIDE = 32
FIRST_THROTTLE_S, LONGEST_THROTTLE_S = 1.0, 30.0


class Breaker:
    """The breaker of one program; safe to use from any thread."""

    def __init__(
        self, *, failures_in_a_row: int = FAILURES_IN_A_ROW, probe_every_s: float = PROBE_EVERY_S
    ) -> None:
        self._limit = failures_in_a_row
        self._probe_every_s = probe_every_s
        self._failures = 0
        self._probe_at = 0.0
        self._paused_until = 0.0
        self._throttles = 0
        self._busy = 0
        self._places = float(SIDE_BY_SIDE)
        self._freed = threading.Condition()

    @property
    def is_open(self) -> bool:
        """Whether the program failed so often that only probes pass."""
        return self._failures >= self._limit

    def paused_for_s(self) -> float:
        """Return for how many seconds the program asked to be left alone; 0 when it did not."""
        return max(0.0, self._paused_until - time.monotonic())

    def admits(self) -> bool:
        """Say whether a call may be sent; while the breaker is open, whoever hears yes has the probe."""
        with _lock:
            moment = time.monotonic()
            if self.is_open and moment < self._probe_at:
                return False
            self._probe_at = moment + self._probe_every_s
            return True

    def closed_for_s(self) -> float:
        """Return for how many seconds nothing will be let through, for either reason; takes no probe."""
        probe_in_s = self._probe_at - time.monotonic() if self.is_open else 0.0
        return max(self.paused_for_s(), probe_in_s)

    def answered(self) -> bool:
        """Note that the program answered, also if the answer was no; say whether it was down."""
        with _lock:
            was_open, self._failures = self.is_open, 0
            self._throttles = max(0, self._throttles - 1)
            self._places = min(SIDE_BY_SIDE, self._places + 1 / self._places)
        return was_open

    def failed(self) -> bool:
        """Note that the program failed or could not be reached; return whether that opened the breaker."""
        with _lock:
            self._failures += 1
            self._probe_at = time.monotonic() + self._probe_every_s
            return self._failures == self._limit

    def pause(self, *, for_s: float) -> None:
        """Send nothing for so long, and never longer than an hour."""
        with _lock:
            until = time.monotonic() + min(for_s, LONGEST_PAUSE_S)
            self._paused_until = max(self._paused_until, until)

    def throttled(self) -> None:
        """Slow down for everybody; of calls that were side by side only the first counts.

        Equal jitter, half of it fixed, so that callers neither come back together nor at once:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        with _lock:
            if self.paused_for_s() > 0:
                return
            half_s = min(FIRST_THROTTLE_S * 2**self._throttles, LONGEST_THROTTLE_S) / 2
            self._throttles += 1
            self._places = max(1.0, self._places / 2)
            self._paused_until = time.monotonic() + half_s + random.uniform(0, half_s)

    def enter(self, *, within_s: float) -> bool:
        """Take a place among the calls side by side; False when none came free in time."""
        with self._freed:
            entered = self._freed.wait_for(lambda: self._busy < int(self._places), timeout=within_s)
            self._busy += entered
        return entered

    def leave(self) -> None:
        """Give the place back."""
        with self._freed:
            self._busy -= 1
            self._freed.notify()


_lock = threading.Lock()
_hosts: defaultdict[str, Breaker] = defaultdict(Breaker)


def for_host(host: str) -> Breaker:
    """Return this process's breaker of a host."""
    with _lock:
        return _hosts[host]


def forget() -> None:
    """Forget everything about every host, as a new process would."""
    global _lock
    _lock = threading.Lock()
    _hosts.clear()


os.register_at_fork(after_in_child=forget)
