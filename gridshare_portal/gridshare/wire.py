"""Translate between the words of the API and ours: its casing, units, signs and dialects are known only here.

`published` is the contract. `live` is what the vendor's own pages say of the running service: other names for
the same parameters, lower-case modes, and plans of one start and durations. Whatever is read is understood in
either form, since nobody knows on which day the service changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from gridshare_portal.gridshare import ids, plan_dialects, types, values

JOULES_IN_A_WH = 3600.0
BUCKET, INCLUDE = "PT15M", "default,energy"
MODES = {name.casefold(): name for name in ("Simple", "Schedule", "Smart", "Unknown")}
_KINDS = {"interver": "inverter"}  # as the vendor's page prints it
_DETAILS = {"manufacturer": "manufacturer", "model": "model", "serial_number": "serialNumber"}
_NODE = ("id", "kind", "channels", "children", "maxCapacity_J")
_DEVICE = ("synthId", "kind", "siteId", *_DETAILS.values())
_CHARGE = ("soc_percent", "stateOfCharge_pct")
_READING = (
    *("timestamp", "power_W", "voltage_V", "current_A", "state"),
    *("energy_Wh_increment", "energy_Wh_decrement", *_CHARGE),
)


class Published:
    """Requests as the published contract words them."""

    mode_path = "operationmode"
    plan_words = types.PlanWords()

    def window(self, start: datetime, end: datetime) -> dict[str, str]:
        """Return the query for readings, powers and counters alike, in buckets of 15 minutes."""
        span = {"start": values.iso(start), "end": values.iso(end)}
        return {**span, "bucket": BUCKET, "include": INCLUDE}

    def mode(self, name: str) -> dict[str, str]:
        """Return the body that sets a mode."""
        return {"mode": MODES.get(name.casefold(), name)}

    def plan(self, plan: types.Plan, *, now: datetime) -> dict[str, object]:
        """Return the body that sets a plan; `now` is when an empty one takes effect."""
        return plan_dialects.published(plan)


class Live(Published):
    """Requests as the running service words them, as far as the vendor's pages tell."""

    mode_path = "operationMode"
    plan_words = types.PlanWords(
        actions=("charge", "discharge", "hold"), need_power=frozenset({"discharge"}), holds_in_gaps=True
    )

    def window(self, start: datetime, end: datetime) -> dict[str, str]:
        interval = f"{values.iso(start)}/{values.iso(end)}"
        return {"interval": interval, "resolution": BUCKET, "include": INCLUDE}

    def mode(self, name: str) -> dict[str, str]:
        return {"mode": name.lower()}

    def plan(self, plan: types.Plan, *, now: datetime) -> dict[str, object]:
        return plan_dialects.live(plan, now=now)


DIALECTS: Mapping[str, Published] = {"published": Published(), "live": Live()}


def sites(body: object) -> types.Usable[str]:
    """Read the ids of a list of sites; those that could not stand in a path are its unusable ones."""
    return _ids(body, "siteId")


def devices(body: object) -> types.Usable[str]:
    """Read the ids of a list of devices; those that could not stand in a path are its unusable ones."""
    return _ids(body, "synthId")


def device(body: object, *, requested: str) -> types.Device:
    """Read a device; one without an id is the requested one."""
    found = values.record(body, "the answer")
    kind = values.text(found.get("kind")) or ""
    return types.Device(
        synth_id=synth_id if ids.allowed(synth_id := found.get("synthId")) else requested,
        kind=_KINDS.get(kind, kind) or None,
        site_id=site_id if ids.allowed(site_id := found.get("siteId")) else None,
        **{name: values.text(found.get(key)) for name, key in _DETAILS.items()},
        extra=values.rest(found, _DEVICE),
    )


def details(synth_id: str, changes: Mapping[str, str]) -> dict[str, str]:
    """Return the body that changes a device's details, with only those that are to change."""
    return {"synthId": synth_id} | {_DETAILS[name]: value for name, value in changes.items()}


def topology(body: object) -> types.Topology:
    """Read a site's tree of any depth, from the leaves up, without recursion.

    A node without an id that can be used stays in the tree, and is named where it is a sensor or a device.
    """
    found = values.record(body, "the answer")
    root = found.get("root") if "root" in found or "kind" not in found else found
    if root is None:
        return types.Topology(root=None)
    parents_first = [values.record(root, "root")]
    for node in parents_first:
        parents_first.extend(_children(node))
    built: dict[int, types.Node] = {}
    for node in reversed(parents_first):
        built[id(node)] = _node(node, tuple(built[id(child)] for child in _children(node)))
    unusable = [one for place, node in enumerate(parents_first) for one in _unusable_of(node, place)]
    return types.Topology(root=built[id(root)], unusable=tuple(unusable))


def readings(body: object, *, start: datetime, end: datetime) -> types.Usable[types.Reading]:
    """Read a sensor's buckets: in order, each once, none outside [start, end].

    One at the end itself is of the stretch where a service stamps the ends of its buckets.
    """
    entries = values.listed(body, "entries")
    read = [_reading(entry) if isinstance(entry, dict) else None for entry in entries]
    found = values.some([reading for reading in read if reading], of=entries, where="entries")
    by_moment = {reading.at: reading for reading in found if start <= reading.at <= end}
    unusable = [
        types.Unusable(where=f"entries[{place}].timestamp", why="is no moment")
        for place, reading in enumerate(read)
        if reading is None
    ]
    return types.Usable([by_moment[at] for at in sorted(by_moment)], unusable=unusable)


def mode(body: object) -> types.Mode:
    """Read a mode; an unknown word is kept as it came."""
    raw = values.text(values.record(body, "the answer").get("mode"))
    if raw is None:
        raise values.Misshapen("mode")
    return types.Mode(name=MODES.get(raw.casefold(), raw), raw=raw)


def mode_if_any(body: object) -> types.Mode | None:
    """Read the mode in the answer to a change, which may be empty."""
    return None if body is None else mode(body)


def plan(body: object) -> types.Plan:
    """Read a plan in either form; an empty answer is no plan."""
    return types.Plan() if body is None else plan_dialects.read(body)


def _ids(body: object, name: str) -> types.Usable[str]:
    """Read the ids in a list; Misshapen where it has entries, and not one of them has a text for an id."""
    found = [entry.get(name) if isinstance(entry, dict) else None for entry in values.listed(body, "entries")]
    named = [value for value in found if isinstance(value, str)]
    values.some(named, of=found, where=f"entries[].{name}")
    faults = [(place, ids.fault_of(value)) for place, value in enumerate(found)]
    unusable = [_unusable(f"entries[{place}].{name}", fault) for place, fault in faults if fault]
    return types.Usable([value for value in named if ids.allowed(value)], unusable=unusable)


def _unusable(where: str, fault: str) -> types.Unusable:
    return types.Unusable(where=where, why=fault, nameless=fault in ids.NAMELESS)


def _unusable_of(node: dict[str, object], place: int) -> Iterator[types.Unusable]:
    """Name what cannot be used of a node, which is counted from the root, level by level."""
    kind = (values.text(node.get("kind")) or "").casefold()
    is_meant = kind in ("sensor", "device") or bool(values.texts(node.get("channels")))
    fault = ids.fault_of(node.get("id"))
    if fault and (is_meant or node.get("id") is not None):
        yield _unusable(f"nodes[{place}].id", fault)
    children = node.get("children")
    if children is not None and not isinstance(children, list):
        yield types.Unusable(where=f"nodes[{place}].children", why="is no list")
    for number, child in enumerate(children if isinstance(children, list) else ()):
        if not isinstance(child, dict):
            yield types.Unusable(where=f"nodes[{place}].children[{number}]", why="is no node")


def _children(node: dict[str, object]) -> list[dict[str, object]]:
    children = node.get("children")
    return [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []


def _node(found: dict[str, object], children: tuple[types.Node, ...]) -> types.Node:
    capacity_j = values.number(found.get("maxCapacity_J"))
    return types.Node(
        synth_id=named if ids.allowed(named := found.get("id")) else None,
        kind=values.text(found.get("kind")) or "unknown",
        channels=values.texts(found.get("channels")),
        children=children,
        capacity_wh=capacity_j / JOULES_IN_A_WH if capacity_j and capacity_j > 0 else None,
        extra=values.rest(found, _NODE),
    )


def _reading(found: dict[str, object]) -> types.Reading | None:
    at = values.moment(found.get("timestamp"))
    if at is None:
        return None
    power_w = values.number(found.get("power_W"))
    taken_wh = values.number(found.get("energy_Wh_increment"))
    given_wh = values.number(found.get("energy_Wh_decrement"))
    return types.Reading(
        at=at,
        in_w=None if power_w is None else max(power_w, 0.0),
        out_w=None if power_w is None else max(-power_w, 0.0),
        voltage_v=values.number(found.get("voltage_V")),
        current_a=values.number(found.get("current_A")),
        charge_pct=_charge(found),
        state=values.text(found.get("state")),
        in_wh=None if taken_wh is None else abs(taken_wh),
        out_wh=None if given_wh is None else abs(given_wh),
        extra=values.rest(found, _READING),
    )


def _charge(found: dict[str, object]) -> float | None:
    """Return the charge (%) under either of its names, clipped to 0 to 100; unknown when further off."""
    for name in _CHARGE:
        charge_pct = values.number(found.get(name))
        if charge_pct is not None:
            return min(max(charge_pct, 0.0), 100.0) if -1 <= charge_pct <= 101 else None
    return None
