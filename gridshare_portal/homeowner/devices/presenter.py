"""Names and values of devices, sensors and their tree, as pages show them.

The API's own words are translated where we know them; an unknown kind is shown as it came, never hidden.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.templatetags import energy

KINDS = {
    "battery": ("Battery", "battery"),
    "solar": ("Solar", "solar"),
    "pv": ("Solar", "solar"),
    "inverter": ("Inverter", "control"),
    "meter": ("Meter", "meter"),
    "grid": ("Grid connection", "grid"),
    "ev": ("Electric car charger", "ev"),
    "relay": ("Switch", "relay"),
    "sensor": ("Sensor", "meter"),
    "site": ("Home", "home"),
}
UNFOLDED = 30  # a longer tree shows its first level, and the rest on tap
LINES = 200  # of the tree on one page
LONGEST_VALUE = 200


def title(device: sites.Device) -> str:
    """Return a device's maker and model, else its kind, else its id, else, of marks nobody sees, a word."""
    named = f"{device.manufacturer} {device.model}"
    seen = (one.strip() for one in (named, kind(device.kind)[0], device.synth_id) if is_seen(one))
    return next(seen, "Device")


def is_seen(text: str) -> bool:
    """Return whether there is anything to see of a text: a link of blanks could not be found."""
    return any(unicodedata.category(mark)[0] in "LNPS" for mark in text)


def sensor_title(role: str, word: str) -> str:
    """Name a sensor by what it measures, or by its kind if that is unknown."""
    if role in ("", sites.Role.UNKNOWN):
        return kind(word)[0] or "Part"
    return f"{sites.Role(role).label} sensor"


def kind(word: str) -> tuple[str, str]:
    """Return a kind in plain words and its glyph; an unknown kind stays as it came."""
    folded = word.casefold().replace("_", " ")
    for known, (words, glyph) in KINDS.items():
        if known in folded.split() or (len(known) > 2 and known in folded):
            return words, glyph
    return word, "unknown"


def facts(device: sites.Device, *, short: bool = False) -> list[tuple[str, str]]:
    """Return (name, value) of what is known of a device, a dash if missing; the short form is for lists."""
    named = [] if short else [("Maker", device.manufacturer), ("Model", device.model)]
    rows = [("Kind", _kind_worded(device.kind)), *named, ("Serial number", device.serial_number)]
    if device.capacity_wh is not None:
        rows.append(("Holds", energy.energy(device.capacity_wh)))
    if device.power_limit_w is not None:
        rows.append(("Charges and gives at most", energy.power(device.power_limit_w)))
    if not short and (device.site is None or device.site.left_at is None):
        rows.append(("Id at Lunar", device.synth_id))
    return [(name, value or energy.UNKNOWN) for name, value in rows]


def _kind_worded(word: str) -> str:
    words, glyph = kind(word)
    return f"{words}: a kind that the portal does not know" if words and glyph == "unknown" else words


def others(device: sites.Device) -> list[tuple[str, str]]:
    """Return the attributes that Lunar sends and we have no names for, as they came."""
    return [(name, _plain(value)) for name, value in device.extra.items()]


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def newest(latest: telemetry.Latest | None, *, zone: ZoneInfo, now: datetime) -> str:
    """Return a sensor's newest reading as one line."""
    if latest is None:
        return "No reading yet."
    powers = ((latest.in_w, "in"), (latest.out_w, "out"))
    parts = [f"{energy.power(power_w)} {direction}" for power_w, direction in powers if power_w]
    if not parts and 0 in (latest.in_w, latest.out_w):
        parts.append(energy.power(0))
    if latest.charge_pct is not None:
        parts.append(f"{energy.percent(latest.charge_pct)} charged")
    return f"{', '.join(parts) or 'Nothing measured'} at {energy.moment(latest.at, zone, now)}."


def lines(branches: Sequence[queries.Branch], *, start: int) -> list[dict[str, object]]:
    """Return a part of the tree whose lists open and close within it.

    `closing` is a range to loop over, once per list that closes after the line.
    """
    shown = branches[start : start + LINES]
    ground = min((branch.depth for branch in shown), default=0)
    depths = _nested([branch.depth - ground for branch in shown])
    after = [*depths[1:], 0]
    return [
        {
            "title": title(branch.device) if branch.device else sensor_title(branch.role, branch.kind),
            "synth_id": branch.synth_id,
            "capacity_wh": branch.capacity_wh,
            "device": branch.device,
            "opens": following > depth,
            "closing": range(depth - following),
            "unfolded": depth == 0 or len(shown) <= UNFOLDED,
        }
        for branch, depth, following in zip(shown, depths, after, strict=False)
    ]


def _nested(depths: list[int]) -> list[int]:
    """Limit each line to one level deeper than the line before, as nested lists must be."""
    nested: list[int] = []
    for depth in depths:
        nested.append(min(depth, nested[-1] + 1 if nested else 0))
    return nested
