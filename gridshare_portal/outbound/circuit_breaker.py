"""Circuit breakers of this process: leave a program alone that fails, or that asked to be left alone.

After so many failures in a row a breaker opens, and then lets one call through at a time, every so many
seconds, to find out whether the program is back. Each process learns this for itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict

FAILURES_IN_A_ROW = 5
PROBE_EVERY_S = 30.0
LONGEST_PAUSE_S = 3600.0


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
