"""What ids look like, without telling any: how many, how long, of which signs, and whether they can be used.

The tree of a home is here too: it is where ids of sensors come from.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Collection, Iterable, Sequence

from gridshare_portal.gridshare import ids, values
from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import CHARGES, Answer, Object
from gridshare_portal.probe.findings import Finding

PLAIN = set(string.ascii_letters + string.digits)
SUFFIXES = ("GRID_METER_DERIVED", "bb_agg", "PV_DERIVED")
KINDS = ("site", "device", "sensor", "inverter", "interver", "battery_pack", "PV", "EV", "meter",
         "load_control_relay", "circuit", "bms", "pv_optimiser", "pv_optimizer", "optimiser")  # fmt: skip
SUBJECT = "Ids"


class Alias:
    """Short names for ids: the same id gets the same one, and none can be turned back without the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, found: str) -> str:
        """Return a name such as `…__bb_agg#1f3a`: a suffix that is documented, and a keyed digest's begin."""
        digest = hashlib.blake2b(found.encode("utf-8", "replace"), key=self._key, digest_size=3).hexdigest()
        suffix = next((f"__{one}" for one in SUFFIXES if found.endswith(f"__{one}")), "")
        return f"…{suffix}#{digest}"


def listed(answer: Answer, name: str) -> list[str]:
    """Return the ids in a list of sites or devices."""
    return [value for entry in answer.entries if isinstance(value := entry.get(name), str)]


def nodes(topology: Answer) -> list[Object]:
    """Return all nodes of a home's tree, parents before children, wherever its root is."""
    root = topology.fields.get("root", topology.body if "kind" in topology.fields else None)
    found: list[Object] = [root] if isinstance(root, dict) else []
    for node in found:
        children = node.get("children")
        if isinstance(children, list):
            found.extend(child for child in children if isinstance(child, dict))
    return found


def sensors(topology: Answer) -> list[Object]:
    """Return the nodes of a tree that are sensors and have an id; those that tell a charge come first."""
    found = [
        node for node in nodes(topology) if node.get("kind") == "sensor" and isinstance(node.get("id"), str)
    ]
    return sorted(found, key=lambda node: not set(values.texts(node.get("channels"))) & set(CHARGES))


def form(what: str, found: Sequence[str]) -> Finding:
    """Say what ids are made of, and how many of them the portal cannot use."""
    if not found:
        return findings.unknown(SUBJECT, "no_ids", f"There were no ids of {what}.")
    lengths = sorted({len(one) for one in found})
    signs = _signs(found)
    made = f"letters, digits{f' and {signs}' if signs else ''}"
    long = f"{lengths[0]} to {lengths[-1]}" if len(lengths) > 1 else f"{lengths[0]}"
    sentence = f"Ids of {what}: {len(found)}, of {long} characters, made of {made}."
    refused = sum(not ids.allowed(one) for one in found)
    if refused:
        return findings.different(
            SUBJECT, "ids_refused", f"{sentence} {refused} cannot be used by the portal."
        )
    if len(set(found)) < len(found):
        return findings.different(SUBJECT, "ids_doubled", f"{sentence} Some stand there twice.")
    return findings.expected(SUBJECT, "ids", sentence)


def tree(topology: Answer, devices: Collection[str]) -> list[Finding]:
    """Say whether a home's tree is as the portal reads it, and whether it and the list of devices agree."""
    subject = "Topology"
    found = nodes(topology)
    if not found:
        sentence = f"The tree of a home has no root{_status(topology)}."
        return [findings.different(subject, "no_root", sentence)]
    kinds = findings.known((node.get("kind") for node in found), KINDS)
    told = [findings.expected(subject, "kinds", f"{len(found)} nodes of the kinds {', '.join(kinds)}.")]
    streams = sensors(topology)
    if not streams:
        told.append(findings.different(subject, "no_sensors", "No node of the tree is a sensor."))
    if devices and not {one for node in found if isinstance(one := node.get("id"), str)} & set(devices):
        sentence = "No device of the list stands in the tree, so sensors cannot be given to devices."
        told.append(findings.different(subject, "devices_apart", sentence))
    if streams and not any(node.get("channels") for node in streams):
        told.append(findings.different(subject, "no_channels", "No sensor says which channels it has."))
    return told


def capacity_wh(node: Object) -> float | None:
    """Return a node's capacity, told in joules."""
    told = values.number(node.get("maxCapacity_J"))
    return told / 3600 if told is not None and told > 0 else None


def _signs(found: Iterable[str]) -> str:
    others = {sign for one in found for sign in one} - PLAIN
    ascii_signs = sorted(sign for sign in others if sign in string.punctuation)
    words = [" ".join(ascii_signs)] if ascii_signs else []
    words += ["blanks"] if any(sign.isspace() for sign in others) else []
    beyond = any(not sign.isascii() and not sign.isspace() for sign in others)
    words += ["signs beyond ASCII"] if beyond else []
    words += (
        ["control characters"] if any(sign.isascii() and not sign.isprintable() for sign in others) else []
    )
    return ", ".join(words)


def _status(answer: Answer) -> str:
    return "" if answer.is_given else f" (status {answer.status or 'none'})"
