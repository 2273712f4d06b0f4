"""Infer what each sensor measures: which roles are possible, by what signs, and what is counted twice.

1. The kind of the sensor's device says which roles are possible. An EV charger whose sensor ends
   in "__PV" stays an EV charger: the end of an id never overrules the device. Inverters and
   battery packs may be hubs, which carry the grid's and the sun's sensors too.
2. Among the possible roles, signs are added up: the end of the id 3, a charge channel 4 and a
   capacity 4 (both for battery: what is measured says more than a name). The highest sum wins.
3. Without any sign the device's own role holds (a meter is the grid's), unless another sensor of
   the device bears a sign of it; else the role is unknown.
4. Energy must not be counted twice. A sensor below another of the same role is a part of it; a
   sum over a device ("__bb_agg", "__PV_DERIVED", "__GRID_METER_DERIVED") includes everything of
   its role below that device; and a home has one grid: a meter's own sensors go before derived
   ones, and the first derived one before the others. Parts are given the role unknown.

All of this is a guess about installations nobody documents, so the homeowner can correct it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from gridshare_portal.sites.reading import topology

Found = tuple[topology.Stream, str]  # a sensor and its role
GRID, BATTERY, SOLAR, EV, RELAY, HOME, UNKNOWN = "grid", "battery", "solar", "ev", "relay", "home", "unknown"

HUB = {GRID, BATTERY, SOLAR, HOME}
BY_KIND: dict[str, tuple[set[str], str]] = {  # kind of device: roles that are possible, and its own
    "inverter": (HUB, UNKNOWN),
    "interver": (HUB, UNKNOWN),  # as the vendor's page prints it
    "batterypack": (HUB, BATTERY),
    "battery": (HUB, BATTERY),
    "bms": ({BATTERY}, BATTERY),
    "pv": ({SOLAR}, SOLAR),
    "pvoptimiser": ({SOLAR}, SOLAR),
    "pvoptimizer": ({SOLAR}, SOLAR),
    "ev": ({EV}, EV),
    "meter": ({GRID, HOME, SOLAR}, GRID),
    "loadcontrolrelay": ({RELAY}, RELAY),
}
ANY = ({GRID, BATTERY, SOLAR, EV, RELAY, HOME}, UNKNOWN)

BY_SUFFIX = (  # what the last part of an id says, from the most to the least telling
    (re.compile(r"^(bb_agg|bms|battery)"), BATTERY),
    (re.compile(r"^(grid)"), GRID),
    (re.compile(r"^(pv|solar)"), SOLAR),
    (re.compile(r"^(ev|vehicle)(_|$)"), EV),
    (re.compile(r"^(relay|load_control)"), RELAY),
    (re.compile(r"^(home|house|load|consumption)"), HOME),
)
SUMS = re.compile(r"(__bb_agg|_derived)$", re.IGNORECASE)
CHARGE_CHANNELS = {"stateofcharge_pct", "soc_percent"}


def found(tree: topology.Cleaned, *, kinds: Mapping[str, str]) -> list[Found]:
    """Return every sensor of a cleaned tree with its role, in reading order."""
    streams = topology.streams(tree, kinds=kinds)
    roles = {stream.place: role_of(stream) for stream in streams}
    roles |= dict.fromkeys(_beside_a_sign(streams, roles), UNKNOWN)
    parts = _parts(tree, streams, roles) | _second_grids(streams, roles)
    roles |= dict.fromkeys(parts, UNKNOWN)
    return [(stream, roles[stream.place]) for stream in streams]


def role_of(stream: topology.Stream) -> str:
    """Return what one sensor measures, by the kind of its device and its own signs."""
    possible, own = BY_KIND.get(_bare(stream.device_kind) or _bare(stream.kind), ANY)
    signs = _signs(stream)
    return max(signs.keys() & possible, key=signs.__getitem__, default=own)


def _signs(stream: topology.Stream) -> dict[str, int]:
    """Return how much speaks for each role."""
    signs: dict[str, int] = defaultdict(int)
    _, mark, suffix = stream.synth_id.casefold().rpartition("__")
    named = next((role for pattern, role in BY_SUFFIX if mark and pattern.search(suffix)), UNKNOWN)
    signs[named] += 3
    if CHARGE_CHANNELS & {channel.casefold() for channel in stream.channels}:
        signs[BATTERY] += 4
    if stream.capacity_wh is not None:
        signs[BATTERY] += 4
    return signs


def _beside_a_sign(streams: Sequence[topology.Stream], roles: Mapping[int, str]) -> set[int]:
    """Return the places of sensors that have their device's own role without a sign, beside one with it."""
    signed = {s.place for s in streams if roles[s.place] in _signs(s)}
    known = {(s.device_id, roles[s.place]) for s in streams if s.place in signed and s.device_id}
    unsigned = (s for s in streams if s.place not in signed)
    return {s.place for s in unsigned if (s.device_id, roles[s.place]) in known}


def _bare(kind: str) -> str:
    return re.sub(r"[^a-z0-9]", "", kind.casefold())


def _parts(tree: topology.Cleaned, streams: Sequence[topology.Stream], roles: Mapping[int, str]) -> set[int]:
    """Return the places of sensors whose energy a sensor or a sum above them counts already."""
    sums: dict[str, set[str]] = defaultdict(set)
    for stream in streams:
        if _is_sum(stream) and stream.device_id:
            sums[stream.device_id].add(roles[stream.place])
    counted: list[frozenset[str]] = []  # by place: the roles that are counted above it
    parts = {s.place for s in streams if not _is_sum(s) and roles[s.place] in sums.get(s.device_id or "", ())}
    for place, node in enumerate(tree.get("nodes", [])):
        above = counted[node["parent"]] if node["parent"] is not None else frozenset()
        role = roles.get(place, UNKNOWN)
        is_sum = SUMS.search(node["synth_id"] or "") is not None
        if role != UNKNOWN and role in above and not is_sum:
            parts.add(place)
        below = sums.get(node["synth_id"] or "", set()) | ({role} - {UNKNOWN})
        counted.append(above | below if below - above else above)
    return parts


def _second_grids(streams: Sequence[topology.Stream], roles: Mapping[int, str]) -> set[int]:
    grids = [stream for stream in streams if roles[stream.place] == GRID]
    derived = [stream for stream in grids if _is_sum(stream) and _bare(stream.device_kind) != "meter"]
    if len(derived) < len(grids):
        return {stream.place for stream in derived}
    return {stream.place for stream in derived[1:]}


def _is_sum(stream: topology.Stream) -> bool:
    return SUMS.search(stream.synth_id) is not None
