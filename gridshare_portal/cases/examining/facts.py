"""Facts of one home at a moment: all that the rules may look at. Pure.

cases.examining.sources fills these in. None is not known, which is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class ConnectionFacts:
    is_active: bool
    since_at: datetime
    scopes: frozenset[str]
    user: int


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a homeowner shares with one organization; `until_at` None is until withdrawn."""

    organization: int
    given_by: int
    controls: bool
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SensorFacts:
    """A sensor with the end of its newest reading, and of its newest production."""

    synth_id: str
    role: str
    last_reading_at: datetime | None
    made_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Collection:
    """How fetching readings goes; `error` is the keys of cases.words.ERRORS, with commas."""

    answered_at: datetime | None
    failures: int
    error: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """The newest change of one kind at one device."""

    device: str
    kind: str
    outcome: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class BalanceFacts:
    """The energy through the home on its last whole local day, and the part not accounted for."""

    day: date
    ended_at: datetime
    through_wh: float
    remainder_wh: float
    known_s: int


@dataclass(frozen=True, kw_only=True)
class SiteFacts:
    """One home. `solar_hours` are hours of its local clock in which its solar lately produced."""

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
        moments = [sensor.last_reading_at for sensor in self.sensors if sensor.last_reading_at]
        return max(moments, default=None)

    @property
    def active(self) -> tuple[ConnectionFacts, ...]:
        return tuple(one for one in self.connections if one.is_active)
