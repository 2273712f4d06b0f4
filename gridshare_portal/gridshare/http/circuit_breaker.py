"""Which host is to be left alone for now, and for how long.

Two reasons: the host said so (Retry-After), or it failed five times in a row. In the second case one call
is let through every 30 seconds to find out whether it is back. Each process learns this for itself.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass

FAILURES_IN_A_ROW = 5
PROBE_EVERY_S = 30.0
LONGEST_PAUSE_S = 3600.0


@dataclass
class _Host:
    failures: int = 0
    probe_at: float = 0.0
    paused_until: float = 0.0


_hosts: dict[str, _Host] = {}
_lock = threading.Lock()


def asked_to_wait_s(host: str) -> float:
    """Return for how many seconds the host asked to be left alone; 0 when it did not."""
    with _lock:
        known = _hosts.get(host)
        return max(0.0, known.paused_until - time.monotonic()) if known else 0.0


def may_pass(host: str) -> bool:
    """Say whether a call may be sent; while the host is down, that is one call every 30 seconds."""
    with _lock:
        known = _hosts.get(host)
        if known is None or known.failures < FAILURES_IN_A_ROW:
            return True
        moment = time.monotonic()
        if moment < known.probe_at:
            return False
        known.probe_at = moment + PROBE_EVERY_S
        return True


def closed_for_s(host: str) -> float:
    """Return for how many seconds nothing will be let through, for either reason; asking changes nothing."""
    asked_s = asked_to_wait_s(host)
    with _lock:
        known = _hosts.get(host)
        if known is None or known.failures < FAILURES_IN_A_ROW:
            return asked_s
        return max(asked_s, known.probe_at - time.monotonic())


def answered(host: str) -> None:
    """Note that the host answered as it should, also if the answer was no."""
    with _lock:
        known = _hosts.get(host)
        if known is not None:
            known.failures = 0


def failed(host: str) -> None:
    """Note that the host failed or could not be reached."""
    with _lock:
        known = _hosts.setdefault(host, _Host())
        known.failures += 1
        known.probe_at = time.monotonic() + PROBE_EVERY_S


def pause(host: str, *, for_s: float) -> None:
    """Send nothing to the host for so long, and never longer than an hour."""
    with _lock:
        known = _hosts.setdefault(host, _Host())
        until = time.monotonic() + min(for_s, LONGEST_PAUSE_S)
        known.paused_until = max(known.paused_until, until)


def forget() -> None:
    """Forget everything about every host, as a new process would."""
    global _lock
    _lock = threading.Lock()
    _hosts.clear()


os.register_at_fork(after_in_child=forget)
