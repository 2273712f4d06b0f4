"""Why readings are missing: the cause, the period, and the sensors.

Pure: coverage of the last days in, gaps out, current ones first. A connection that cannot be read explains
everything after it; only without that does silence of a sensor mean something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np

STEP = timedelta(minutes=15)
LATE_BUCKETS = 4  # what is missing for an hour may still come
SETTLED_BUCKETS = 8  # what is missing for two hours will not
OVERDUE = timedelta(minutes=45)  # a home is read every quarter of an hour
NOBODY_S_FAULT = frozenset({"", "ended", "none", "missing_scope"})


class Kind(StrEnum):
    """Why something is missing; causes that explain others come first."""

    ENDED = "token_ended"
    SCOPE_MISSING = "scope_missing"
    UPSTREAM = "upstream"
    NOT_ASKED = "not_asked"
    SITE_OFFLINE = "site_offline"
    SENSOR_SILENT = "sensor_silent"
    LATE = "late"
    NOT_FETCHED = "not_fetched"
    RESET = "reset"
    BEFORE = "before"


@dataclass(frozen=True, kw_only=True)
class ConnectionState:
    """A connection to the home: whether it is active, who ended it, and whether its scopes allow reading."""

    is_active: bool
    since_at: datetime
    by_homeowner: bool = False
    reads: bool = True


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The state of fetching; `read_at` is when Lunar last answered."""

    read_at: datetime | None
    failures: int = 0
    error: str = ""
    filled_back_to: date | None = None
    goal: date


@dataclass(frozen=True, kw_only=True)
class SensorCoverage:
    """One sensor: first and last reading, known buckets as a boolean array, and counter resets."""

    synth_id: str
    first_at: datetime | None
    last_at: datetime | None
    known: np.ndarray
    resets: tuple[datetime, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SiteCoverage:
    """The readings of a home since `start`, in buckets of 15 minutes up to read_at."""

    start: datetime
    connections: tuple[ConnectionState, ...]
    collected: Collected | None
    sensors: tuple[SensorCoverage, ...]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Missing readings: why, of which sensors (none: the whole home), and between which readings.

    `good_until` is the end of the last reading before it, `good_again` the start of the first after it; None
    without one.
    """

    kind: Kind
    sensors: tuple[str, ...] = ()
    good_until: datetime | None = None
    good_again: datetime | None = None
    since_at: datetime | None = None
    detail: str = ""
    extra: dict[str, int] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        return self.good_again is None and self.kind is not Kind.RESET


def gaps(home: SiteCoverage, *, now: datetime) -> list[Gap]:
    """Return the gaps: current ones by severity, then past ones, newest first."""
    closed = _closed(home, now)
    found = [closed] if closed else []
    found += [*_silences(home), *_past(home), *_history(home), *_resets(home)]
    going_on = [gap for gap in found if gap.goes_on]
    over = [gap for gap in found if not gap.goes_on]
    newest = sorted(over, key=lambda gap: gap.good_again or gap.good_until or home.start, reverse=True)
    return [*sorted(going_on, key=lambda gap: [*Kind].index(gap.kind)), *newest]


def _closed(home: SiteCoverage, now: datetime) -> Gap | None:
    """Return why nothing can be read at present, if nothing can."""
    collected, last_at = home.collected, _last(home.sensors)
    active = [one for one in home.connections if one.is_active]
    if not active:
        newest = max(home.connections, key=lambda one: one.since_at, default=None)
        who = "homeowner" if newest and newest.by_homeowner else "lunar"
        since_at = newest.since_at if newest else None
        return Gap(kind=Kind.ENDED, good_until=last_at, since_at=since_at, detail=who)
    if not any(one.reads for one in active):
        since_at = max(one.since_at for one in active)
        return Gap(kind=Kind.SCOPE_MISSING, good_until=last_at, since_at=since_at)
    if collected is not None and collected.failures and collected.error not in NOBODY_S_FAULT:
        return Gap(kind=Kind.UPSTREAM, good_until=last_at, since_at=collected.read_at, detail=collected.error)
    if collected is None or collected.read_at is None or now - collected.read_at > OVERDUE:
        return Gap(kind=Kind.NOT_ASKED, good_until=last_at, since_at=collected.read_at if collected else None)
    return None


def _silences(home: SiteCoverage) -> Iterator[Gap]:
    """Yield what had stopped when Lunar was last read."""
    silent = {sensor.synth_id: _trailing(sensor) for sensor in home.sensors}
    if not silent or home.collected is None or home.collected.read_at is None:
        return
    if min(silent.values()) > LATE_BUCKETS:
        yield Gap(kind=Kind.SITE_OFFLINE, good_until=_last(home.sensors))
        return
    refused = home.collected.error
    quiet: dict[tuple[Kind, datetime | None], list[str]] = defaultdict(list)
    for sensor in home.sensors:
        if silent[sensor.synth_id] > LATE_BUCKETS:
            kind = Kind.UPSTREAM if refused not in NOBODY_S_FAULT else Kind.SENSOR_SILENT
            quiet[kind, _last([sensor])].append(sensor.synth_id)
        elif silent[sensor.synth_id]:
            quiet[Kind.LATE, _last([sensor])].append(sensor.synth_id)
    for (kind, until), sensors in quiet.items():
        detail = refused if kind is Kind.UPSTREAM else ""
        yield Gap(kind=kind, sensors=tuple(sensors), good_until=until, detail=detail)


def _past(home: SiteCoverage) -> Iterator[Gap]:
    """Yield holes between readings; sensors with the same hole share it."""
    holes: dict[tuple[int, int], list[str]] = defaultdict(list)
    for sensor in home.sensors:
        for hole in _holes(sensor.known):
            holes[hole].append(sensor.synth_id)
    telling = {sensor.synth_id for sensor in home.sensors if sensor.known.any()}
    for (first, last), sensors in holes.items():
        if last >= len(home.sensors[0].known) - SETTLED_BUCKETS and last - first <= LATE_BUCKETS:
            kind = Kind.LATE
        else:
            kind = Kind.SITE_OFFLINE if set(sensors) == telling else Kind.SENSOR_SILENT
        whole = kind is Kind.SITE_OFFLINE
        yield Gap(
            kind=kind,
            sensors=() if whole else tuple(sensors),
            good_until=home.start + first * STEP,
            good_again=home.start + last * STEP,
        )


def _history(home: SiteCoverage) -> Iterator[Gap]:
    """Yield what lies before the first reading: not fetched yet, or nothing that Lunar has."""
    collected = home.collected
    if collected is None or collected.filled_back_to is None:
        return
    first_at = min((sensor.first_at for sensor in home.sensors if sensor.first_at), default=None)
    if collected.filled_back_to > collected.goal:
        read_at, since = collected.read_at, (collected.filled_back_to, collected.goal)
        done, total = ((read_at.date() - day).days if read_at else 0 for day in since)
        days = {"done": done, "total": total}
        yield Gap(kind=Kind.NOT_FETCHED, good_again=first_at, extra=days)
    elif first_at is not None:
        yield Gap(kind=Kind.BEFORE, good_again=first_at)


def _resets(home: SiteCoverage) -> Iterator[Gap]:
    for sensor in home.sensors:
        for at in sensor.resets:
            yield Gap(kind=Kind.RESET, sensors=(sensor.synth_id,), good_until=at - STEP, good_again=at)


def _trailing(sensor: SensorCoverage) -> int:
    """Return how many buckets are missing at the end; all, for a sensor without any reading."""
    back = np.flatnonzero(sensor.known[::-1])
    return int(back[0]) if back.size else len(sensor.known)


def _holes(known: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of missing buckets between two known ones, as [first, last)."""
    at = np.flatnonzero(known)
    jumps = np.flatnonzero(np.diff(at) > 1)
    return [(int(at[jump]) + 1, int(at[jump + 1])) for jump in jumps.tolist()]


def _last(sensors: Sequence[SensorCoverage]) -> datetime | None:
    """Return the end of the newest reading."""
    newest = max((sensor.last_at for sensor in sensors if sensor.last_at), default=None)
    return newest + STEP if newest else None
