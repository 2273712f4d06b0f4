"""Flatten a site's topology, whatever the API made of it, into a list that is safe to store.

A tree may be 10,000 deep or wide, name an id twice, lack ids, or hold unknown kinds. The walk is iterative
and bounded, and the result is a list in reading order, in which each node names its parent by position: no
reader needs recursion either. An id that could not stand in a call counts as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from gridshare_portal.gridshare import ids, types, values
from gridshare_portal.sites.reading import plain

MOST_NODES = 20_000
MOST_VISITS = 4 * MOST_NODES
MOST_CHANNELS = 64
NO_DEVICE = {"site", "sensor", ""}
NO_KIND = {"device", "", "unknown"}


class Node(TypedDict):
    """One node as stored; `parent` is its place in the list, None for the root."""

    synth_id: str | None
    kind: str
    channels: list[str]
    capacity_wh: float | None
    parent: int | None
    depth: int
    extra: NotRequired[dict[str, plain.Json]]


class Cleaned(TypedDict, total=False):
    """A tree as stored; empty before the first reading."""

    nodes: list[Node]
    repeated: int
    cut: bool
    unread: int
    nameless: bool


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A sensor as the topology shows it, its place in the list, and its device."""

    place: int
    synth_id: str
    kind: str
    channels: tuple[str, ...]
    capacity_wh: float | None
    extra: Mapping[str, object]
    device_id: str | None
    device_kind: str


def cleaned(topology: types.Topology) -> Cleaned:
    """Return the tree as plain data: its nodes, and what of it is not there.

    A node whose id was seen before is dropped and counted; what hangs below it moves to its parent, so that a
    loop ends and a sensor below a duplicate is not lost. `cut` says that there was more than is kept,
    `unread` how many parts could not be used, and `nameless` that one of them may have been any.
    """
    nodes: list[Node] = []
    seen: set[str | None] = set()
    repeated = visits = 0
    stack: list[tuple[types.Node, int | None, int]] = [(topology.root, None, 0)] if topology.root else []
    while stack and visits < MOST_VISITS and len(nodes) < MOST_NODES:
        node, place, depth = stack.pop()
        visits += 1
        kept = _kept(node, place, depth)
        if kept["synth_id"] is not None and kept["synth_id"] in seen:
            repeated += 1
        else:
            seen.add(kept["synth_id"])
            nodes.append(kept)
            place, depth = len(nodes) - 1, depth + 1
        stack.extend((child, place, depth) for child in reversed(node.children))
    return {
        "nodes": nodes,
        "repeated": repeated,
        "cut": bool(stack),
        "unread": len(topology.unusable),
        "nameless": any(one.nameless for one in topology.unusable),
    }


def _kept(node: types.Node, parent: int | None, depth: int) -> Node:
    kept: Node = {
        "synth_id": node.synth_id if ids.allowed(node.synth_id) else None,
        "kind": plain.word(node.kind, limit=64),
        "channels": [plain.word(channel, limit=64) for channel in node.channels[:MOST_CHANNELS]],
        "capacity_wh": values.number(node.capacity_wh),
        "parent": parent,
        "depth": depth,
    }
    if node.extra:
        kept["extra"] = plain.branches(node.extra)
    return kept


def streams(tree: Cleaned, *, kinds: Mapping[str, str]) -> list[Stream]:
    """Return the sensors of a cleaned tree in reading order, each with its device.

    `kinds` are the devices known otherwise, by id. A sensor belongs to the device of its own id, else to the
    nearest device above it, else to the one its id begins with ("<device>__PV"). A sensor without an id
    cannot be read, and is shown in the tree only.
    """
    devices = devices_in(tree, kinds=kinds)
    owners: list[str | None] = []  # by place: the nearest device at or above it
    found = []
    for place, node in enumerate(tree.get("nodes", [])):
        synth_id, above = node["synth_id"], None if node["parent"] is None else owners[node["parent"]]
        owners.append(synth_id if synth_id in devices else above)
        if not synth_id or not (node["channels"] or node["kind"].casefold() == "sensor"):
            continue
        begins_with = synth_id.rpartition("__")[0]
        owner = owners[place] or (begins_with if begins_with in devices else None)
        found.append(
            Stream(
                place=place,
                synth_id=synth_id,
                kind=node["kind"],
                channels=tuple(node["channels"]),
                capacity_wh=node["capacity_wh"],
                extra=node.get("extra", {}),
                device_id=owner,
                device_kind=devices.get(owner or "", ""),
            )
        )
    return found


def devices_in(tree: Cleaned, *, kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the kind of every device by id: those in the tree, and those known otherwise."""
    devices: dict[str, str] = {}
    for node in tree.get("nodes", []):
        synth_id, kind = node["synth_id"], node["kind"].casefold()
        if synth_id and kind not in NO_DEVICE:
            devices[synth_id] = "" if kind in NO_KIND else node["kind"]
    devices.update({synth_id: kind or devices.get(synth_id, "") for synth_id, kind in kinds.items()})
    return devices
