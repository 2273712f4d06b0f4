"""Several homes at once: the time that each waits for Lunar is the others' to use.

Every hand is a thread with a database connection of its own, which it closes when all is done. With a single
hand there is no thread: each home is done as it is given.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType

from django.db import connections as databases

Deed = Callable[[], None]


class Hands:
    """So many deeds side by side; leaving the block waits for all that were given."""

    def __init__(self, many: int) -> None:
        self._todo: queue.SimpleQueue[Deed | None] = queue.SimpleQueue()
        self._change = threading.Condition()
        self._given = 0
        self._threads = [
            threading.Thread(target=self._work, name="hand", daemon=True)
            for _ in range(many if many > 1 else 0)
        ]

    def __enter__(self) -> Hands:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def give(self, deed: Deed) -> None:
        """Have something done as soon as a hand is free."""
        if not self._threads:
            deed()
            return
        with self._change:
            self._given += 1
        self._todo.put(deed)

    def until_some_are_free(self) -> None:
        """Wait until no more is given than there are hands for, so that none runs dry meanwhile."""
        with self._change:
            self._change.wait_for(lambda: self._given <= len(self._threads))

    def until_all_is_done(self) -> bool:
        """Wait until nothing is under way any more; say whether there was something."""
        with self._change:
            was_busy = self._given > 0
            self._change.wait_for(lambda: self._given == 0)
        return was_busy

    def _work(self) -> None:
        try:
            while (deed := self._todo.get()) is not None:
                try:
                    deed()
                finally:
                    with self._change:
                        self._given -= 1
                        self._change.notify_all()
        finally:
            databases.close_all()
