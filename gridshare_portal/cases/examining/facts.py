"""What is known of one home at a moment, as plain facts: all that the rules of health may look at.

Pure; sources.py fills these in. None means that nobody knows, which is never the same as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class ConnectionFacts:
    """A connection that reaches the home, with what it allows."""

    is_active: bool
    since_at: datetime
    scopes: frozenset[str]
    user: int


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a homeowner allows one organization, and until when (None: until withdrawn)."""

    organization: int
    given_by: int
    controls: bool
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SensorFacts:
    """A sensor that counts for the balance: the end of its newest reading, and its newest production."""

    synth_id: str
    role: str
    last_reading_at: datetime | None
    made_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Collection:
    """How the fetching of readings fares; `error` says in short words what went wrong last."""

    answered_at: datetime | None
    failures: int
    error: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """The newest wish of one kind to one device, and what became of it."""

    device: str
    kind: str
    outcome: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class BalanceFacts:
    """What went through the home on its last whole day, and how much of that is not accounted for."""

    day: date
    ended_at: datetime
    through_wh: float
    remainder_wh: float
    known_s: int


@dataclass(frozen=True, kw_only=True)
class SiteFacts:
    """One home. `solar_hours` are the hours of its local clock in which its solar lately made power."""

    zone: ZoneInfo
    known_since_at: datetime
    connections: tuple[ConnectionFacts, ...]
    shares: tuple[Share, ...]
    sensors: tuple[SensorFacts, ...]
    collection: Collection | None
    changes: tuple[Change, ...]
    balance: BalanceFacts | None
    solar_hours: frozenset[int]

    @property
    def last_reading_at(self) -> datetime | None:
        """Return the end of the home's newest reading, of whichever sensor."""
        return max(
            (sensor.last_reading_at for sensor in self.sensors if sensor.last_reading_at), default=None
        )

    @property
    def active(self) -> tuple[ConnectionFacts, ...]:
        """Return the connections through which the home can be read."""
        return tuple(one for one in self.connections if one.is_active)
