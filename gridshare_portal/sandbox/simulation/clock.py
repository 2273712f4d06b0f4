"""The sandbox's clock, which a test may set and a demo lets run."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that ticks from a chosen moment, or stands still until it is moved."""

    def __init__(self, start: datetime | None = None, *, ticking: bool = True) -> None:
        self._first = (start, ticking)
        self._still: datetime | None = None
        self.reset()

    def now(self) -> datetime:
        return self._still if self._still is not None else _wall() + self._shift

    def set(self, moment: datetime, *, ticking: bool = False) -> None:
        """Move to a moment; the clock stops there unless `ticking`."""
        if moment.tzinfo is None:
            raise ValueError("the clock takes aware moments only")
        moment = moment.astimezone(UTC)
        self._shift = moment - _wall()
        self._still = None if ticking else moment

    def advance(self, by: timedelta) -> None:
        """Move forward, ticking or not as before."""
        self.set(self.now() + by, ticking=self._still is None)

    def reset(self) -> None:
        """Return to how the clock was when it was made."""
        start, ticking = self._first
        self._shift, self._still = timedelta(0), None
        if start is not None:
            self.set(start, ticking=ticking)


def _wall() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
