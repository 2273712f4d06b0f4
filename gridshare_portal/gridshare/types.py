"""What the API tells, in the portal's words: units end the name, direction is a word, moments are in UTC.

None means unknown, which is never the same as zero. `extra` holds what the API said beyond the named fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, TypeVar

Extra = Mapping[str, object]
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """A part of an answer that could not be used: its field, and why; never what stood there.

    `nameless` says that not even a text stood where the id belongs, so that it may have been any.
    """

    where: str
    why: str
    nameless: bool = False


class Usable(tuple[T_co, ...]):
    """What could be used of a list, in order; `unusable` are its other entries."""

    unusable: tuple[Unusable, ...]

    def __new__(cls, found: Iterable[T_co] = (), *, unusable: Iterable[Unusable] = ()) -> Self:
        made = super().__new__(cls, found)
        made.unusable = tuple(unusable)
        return made


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node of a site's electrical tree; `kind` may be a word that is not known yet."""

    synth_id: str | None
    kind: str
    channels: tuple[str, ...] = ()
    children: tuple[Node, ...] = ()
    capacity_wh: float | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Topology:
    """A site's electrical tree; root is None where Gridshare has none."""

    root: Node | None
    unusable: tuple[Unusable, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Device:
    synth_id: str
    kind: str | None = None
    site_id: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One bucket of one sensor.

    `at` is the bucket's start. The powers are averages over the bucket and the counters are as at its end;
    in means into the device, and neither side is ever negative.
    """

    at: datetime
    in_w: float | None = None
    out_w: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    charge_pct: float | None = None
    state: str | None = None
    in_wh: float | None = None
    out_wh: float | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """An operation mode: `name` in its usual case where it is known, `raw` as it came."""

    name: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One stretch of an overlay plan; without a power limit the device goes as fast as it can."""

    start: datetime
    end: datetime
    action: str
    power_limit_w: float | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An overlay plan; without commands there is none, and the device follows its mode.

    A plan with `unusable` commands is known in part: nobody can say what it does meanwhile.
    """

    commands: tuple[Command, ...] = ()
    unusable: tuple[Unusable, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanWords:
    """What a service can say of a plan: its actions, and those of them that need a power.

    `holds_in_gaps` says that a device holds between two commands, where else it follows its mode.
    """

    actions: tuple[str, ...] = ("charge", "discharge", "hold", "follow")
    need_power: frozenset[str] = frozenset()
    holds_in_gaps: bool = False
