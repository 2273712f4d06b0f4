"""When something may be done once more, by when it was done before and how often that may be. Pure.

The windows slide: within any stretch of a window's length lie at most `most`, wherever it begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Window:
    """At most `most` times within a stretch of this length."""

    most: int
    length: timedelta


@dataclass(frozen=True, kw_only=True)
class Full:
    """The window that is full, and when there is room in it again."""

    window: Window
    until_at: datetime


def full(done_at: Iterable[datetime], windows: Sequence[Window], *, now: datetime) -> Full | None:
    """Return the window that keeps something from being done now for the longest, or None if nothing does.

    What was done in the future, by a clock that was ahead, was done now at the latest.
    """
    newest_first = sorted((min(at, now) for at in done_at), reverse=True)
    found = [
        Full(window=one, until_at=newest_first[one.most - 1] + one.length)
        for one in windows
        if len(newest_first) >= one.most and newest_first[one.most - 1] > now - one.length
    ]
    return max(found, key=lambda one: one.until_at, default=None)


def kept(done_at: Iterable[datetime], windows: Sequence[Window], *, now: datetime) -> list[datetime]:
    """Return those moments that any of the windows can still count."""
    longest = max(one.length for one in windows)
    newest_first = sorted((min(at, now) for at in done_at), reverse=True)
    return [at for at in newest_first[: max(one.most for one in windows)] if at > now - longest]


def length_in_words(length: timedelta) -> str:
    """Say a window's length: within “a minute”, “10 minutes”, “an hour”, “a day”."""
    for unit, one, many in (
        (DAY, "a day", "days"),
        (HOUR, "an hour", "hours"),
        (MINUTE, "a minute", "minutes"),
    ):
        if length >= unit and not length % unit:
            return one if length == unit else f"{length // unit} {many}"
    raise ValueError("windows last whole minutes")


def wait_in_words(seconds: float) -> str:
    """Say how long to wait, rounded up, so that it is never too early: “in 4 minutes”, “in 3 hours”."""
    minutes = max(1, math.ceil(seconds / 60))
    if minutes == 1:
        return "in a minute"
    if minutes < 100:
        return f"in {minutes} minutes"
    hours = math.ceil(minutes / 60)
    return f"in {hours} hours" if hours < 48 else f"in {math.ceil(hours / 24)} days"
