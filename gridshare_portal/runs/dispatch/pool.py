"""Run callables on a bounded thread pool; each thread has its own database connection.

Most of a home's time is spent waiting for Lunar. With a single worker there is no thread: each callable runs
when it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Barrier
from types import TracebackType

from django.db import connections as databases

from gridshare_portal.outbound import request_id

Action = Callable[[], None]


class WorkerPool:
    """At most `many` callables at a time; leaving the block waits for all of them."""

    def __init__(self, many: int) -> None:
        self._many = many
        self._threads = ThreadPoolExecutor(many, "home") if many > 1 else None
        self._running: set[Future[None]] = set()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._threads is None:
            return
        wait(self._running)
        together = Barrier(self._many)  # so that each thread closes its own connection
        for _ in range(self._many):
            self._threads.submit(_close, together)
        self._threads.shutdown()

    def give(self, action: Action) -> None:
        if self._threads is None:
            action()
        else:
            self._running.add(self._threads.submit(request_id.carried(action)))

    def until_some_are_free(self) -> None:
        """Wait until no more callables are open than there are threads."""
        while len(self._running) > self._many:
            self._settle(FIRST_COMPLETED)

    def until_all_is_done(self) -> bool:
        """Wait for all callables; return whether there were any since the last time."""
        was_busy = bool(self._running)
        self._settle()
        return was_busy

    def _settle(self, until: str = "ALL_COMPLETED") -> None:
        done, self._running = wait(self._running, return_when=until)
        for one in done:
            one.result()  # raises what the callable raised


def _close(together: Barrier) -> None:
    together.wait()
    databases.close_all()
