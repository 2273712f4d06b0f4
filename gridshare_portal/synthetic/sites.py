"""Synthetic homes: devices, newest readings, and how the homeowner shares them. Pure.

A home follows from its number and the moment. Most have solar, a battery and a meter with recent readings;
the others are what support staff look for.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from gridshare_portal.lunar import scopes
from gridshare_portal.sites.models import Role
from gridshare_portal.synthetic import days_of_energy
from gridshare_portal.telemetry import missing

T = TypeVar("T")

ZONES = ("America/Los_Angeles", "America/New_York", "Europe/London", "Europe/Berlin", "Australia/Sydney")
CHANNELS = ("power_W", "energy_Wh_increment", "energy_Wh_decrement")
ENDINGS: dict[str, str] = {
    Role.GRID: "__GRID_METER_DERIVED",
    Role.BATTERY: "__bb_agg",
    Role.SOLAR: "__PV_DERIVED",
}
MAKERS = ("Lunar Energy", "Solnox", "Voltera", "Helian")
Shape = tuple[tuple[str, tuple[str, ...]], ...]
Table = tuple[tuple[int, T], ...]  # of a hundred, how many are what
EVERYTHING = tuple(scope.id for scope in scopes.SCOPES)
# of a hundred homes, how many have which devices, each with what its sensors measure
SHAPES: Table[Shape] = (
    (70, (("BatteryPack", (Role.GRID, Role.BATTERY, Role.SOLAR)),)),
    (12, (("Inverter", (Role.GRID, Role.SOLAR)),)),
    (6, (("BatteryPack", (Role.GRID, Role.BATTERY, Role.SOLAR)), ("BatteryPack", (Role.BATTERY,)))),
    (5, (("BatteryPack", (Role.GRID, Role.BATTERY)),)),
    (5, (("BatteryPack", (Role.GRID, Role.BATTERY, Role.SOLAR)), ("EV", (Role.EV,)))),
    (2, (("Meter", ()),)),
)
# of a hundred homes, how old the newest reading is; None: never any
SILENCES: Table[timedelta | None] = (
    (78, timedelta(minutes=4)),
    (8, timedelta(minutes=50)),
    (5, timedelta(hours=7)),
    (4, timedelta(days=3)),
    (2, timedelta(days=40)),
    (3, None),
)
# of a hundred connections, how many have which status and scopes
CONNECTIONS: Table[tuple[str, tuple[str, ...]]] = (
    (89, ("active", EVERYTHING)),
    (5, ("active", EVERYTHING[:2])),
    (1, ("active", EVERYTHING[:1])),
    (1, ("active", EVERYTHING[1:])),
    (3, ("reconnect", EVERYTHING)),
    (1, ("disconnected", EVERYTHING)),
)
# of a hundred homes: right, ask first, days until it ends or since it ended, ended by hand
SHARINGS: Table[tuple[str, bool, float | None, bool]] = (
    (45, ("view", False, None, False)),
    (30, ("control", False, None, False)),
    (11, ("control", True, None, False)),
    (6, ("view", False, 200, False)),
    (3, ("control", False, 3, False)),
    (2, ("view", False, 0.5, False)),
    (1, ("view", False, -5, False)),
    (2, ("view", False, -20, True)),
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The newest reading of one sensor."""

    at: datetime
    in_w: float
    out_w: float
    in_wh: float
    out_wh: float
    charge_pct: float | None = None


@dataclass(frozen=True, kw_only=True)
class MadeSensor:
    """A sensor; `sharing` is how many of the home's sensors have its role."""

    synth_id: str
    role: str
    sharing: int
    reading: Reading | None


@dataclass(frozen=True, kw_only=True)
class MadeDevice:
    synth_id: str
    kind: str
    manufacturer: str
    model: str
    serial_number: str
    capacity_wh: float | None
    sensors: tuple[MadeSensor, ...]


@dataclass(frozen=True, kw_only=True)
class Sharing:
    right: str
    ask_first: bool
    from_at: datetime
    until_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class MadeSite:
    """Everything about one home but its name and its homeowner."""

    synth_id: str
    time_zone: str
    created_at: datetime
    status: str
    scopes: tuple[str, ...]
    sharing: Sharing
    asked_at: datetime | None
    course: days_of_energy.Key
    devices: tuple[MadeDevice, ...]


def home(number: int, *, now: datetime) -> MadeSite:
    """Return the home of a number at a moment."""
    dice = Random(f"home {number}")
    created_at = now - timedelta(days=dice.uniform(0.5, 900))
    status, allowed = _of_hundred(dice, CONNECTIONS)
    last_reading_at, zone, shape = _last_reading_at(dice, now), dice.choice(ZONES), _of_hundred(dice, SHAPES)
    ahead = now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    course = days_of_energy.Key(
        roles=frozenset(role for _kind, roles in shape for role in roles),
        kind=dice.randrange(days_of_energy.KINDS),
        shift=ahead // missing.STEP,
    )
    asked_at = created_at - timedelta(days=dice.uniform(0, 20)) if dice.random() < 0.3 else None
    return MadeSite(
        synth_id=f"site-{_uuid(dice)}",
        time_zone=zone,
        created_at=created_at,
        status=status,
        scopes=allowed,
        sharing=_sharing(dice, created_at, now),
        asked_at=asked_at,
        course=course,
        devices=tuple(_devices(dice, shape, course, last_reading_at)),
    )


def _devices(
    dice: Random, shape: Shape, course: days_of_energy.Key, last_reading_at: datetime | None
) -> Iterator[MadeDevice]:
    silent = dice.random() < 0.03  # one sensor of the home tells nothing any more
    sharing = Counter(role for _kind, roles in shape for role in roles)
    for kind, roles in shape:
        synth_id, model = _uuid(dice), f"{kind[:2].upper()}-{dice.choice((5, 10, 15, 20))}"
        sensors = [
            MadeSensor(
                synth_id=synth_id + ENDINGS.get(role, ""),
                role=role,
                sharing=sharing[role],
                reading=_reading(dice, course, role, sharing[role], last_reading_at, silent and not place),
            )
            for place, role in enumerate(roles)
        ]
        yield MadeDevice(
            synth_id=synth_id,
            kind=kind,
            manufacturer=dice.choice(MAKERS),
            model=model,
            serial_number=f"{model}-{dice.randrange(10**8):08}",
            capacity_wh=dice.choice((5000.0, 10000.0, 15000.0)) if Role.BATTERY in roles else None,
            sensors=tuple(sensors),
        )


def _reading(
    dice: Random,
    course: days_of_energy.Key,
    role: str,
    sharing: int,
    last_reading_at: datetime | None,
    silent: bool,
) -> Reading | None:
    if last_reading_at is None or (silent and dice.random() < 0.5):
        return None
    at = last_reading_at - timedelta(days=2) if silent else last_reading_at
    day, bucket = at.date(), (at - missing.midnight(at.date())) // missing.STEP
    mine = days_of_energy.day_of(course, role, sharing)
    columns = mine.columns(day)
    return Reading(at=at, **{name: float(values[bucket]) for name, values in columns.items()})


def _last_reading_at(dice: Random, now: datetime) -> datetime | None:
    """Return the beginning of the quarter hour of the home's newest reading."""
    silence = _of_hundred(dice, SILENCES)
    if silence is None:
        return None
    last = now.astimezone(UTC) - silence * dice.uniform(0.5, 1.5)
    return last.replace(minute=last.minute // 15 * 15, second=0, microsecond=0)


def _sharing(dice: Random, created_at: datetime, now: datetime) -> Sharing:
    right, ask_first, days, by_hand = _of_hundred(dice, SHARINGS)
    until_at = None if days is None else now + timedelta(days=days * dice.uniform(0.5, 1.5))
    return Sharing(
        right=right,
        ask_first=ask_first,
        from_at=created_at + timedelta(hours=1),
        until_at=None if by_hand else until_at,
        ended_at=until_at if by_hand else None,
    )


def _of_hundred(dice: Random, table: Table[T]) -> T:
    return dice.choices([what for _, what in table], [weight for weight, _ in table])[0]


def _uuid(dice: Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))
