"""Several calls side by side, so that a home's first load costs the depth of its needs, not their sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gridshare_portal.outbound import request_id

T = TypeVar("T")


def gather(calls: Sequence[Callable[[], T]], *, at_most: int = 8) -> list[T | Exception]:
    """Make all calls, at most so many at a time, and return each one's result or what it raised."""
    if len(calls) < 2:
        return [_outcome(call) for call in calls]
    with ThreadPoolExecutor(max_workers=min(at_most, len(calls)), thread_name_prefix="gridshare") as pool:
        return list(pool.map(_outcome, [request_id.carried(call) for call in calls]))


def _outcome(call: Callable[[], T]) -> T | Exception:
    try:
        return call()
    except Exception as error:
        return error
