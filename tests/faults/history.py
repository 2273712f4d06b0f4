"""What happened while programs died: every answer, every write, and what was left in the end.

Moments are seconds since 1970, by the clock of whoever wrote them down. A history is plain data, so that the
checker can be shown one that was made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SILENCE = 0  # the status of a request that nobody answered


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the portal answered one person; `is_calm` says that it was the page of an outage, whole."""

    who: str
    method: str
    path: str
    status: int
    began: float
    ended: float
    retry_after: str = ""
    is_calm: bool = False
    location: str = ""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A stretch in which something was broken on purpose, and the statuses that are honest meanwhile.

    `calls` is how often the API was called in it, `calls_before` in an equally long stretch before; None is
    what nobody counted.
    """

    fault: str
    began: float
    ended: float
    allows: frozenset[int] = frozenset()
    calls: int | None = None
    calls_before: int | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change as the portal keeps it; `value` is the mode, the plan's power or the serial number."""

    key: str
    device: str
    kind: str
    value: str
    outcome: str
    sent_at: float | None = None
    settled_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A write that a device took, as the pretended Lunar kept it."""

    device: str
    kind: str
    value: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Event:
    """A line of the audit log about a change."""

    name: str
    change: str
    outcome: str


@dataclass(kw_only=True)
class History:
    """All of it. `refused` are connections that can no longer be used, with the reason; `signed_out` are people
    whose session does not open their page any more; `told` are secrets, by name, and the log that holds them.
    """

    answers: list[Answer] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    signed_out: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
