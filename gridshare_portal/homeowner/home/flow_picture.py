"""Geometry of the energy flow picture: positions of the nodes, thickness of the lines.

Pure, on a field of 340 by 372. Positions are fixed, so that the battery stays where it was; only thickness,
numbers and words change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gridshare_portal.templatetags import energy

THINNEST, THICKEST = 2.0, 9.0
FULL_W = 5000.0  # a line is at its thickest here, or at the largest power of the moment
UNEXPLAINED_W = 25.0  # a remainder below this is the meters' own rounding

_LINES = {  # the path of the line, and of its head
    "solar_to_home": ("M184 92V146Q184 172 210 172H238", "M250 172l-14-7v14z"),
    "solar_to_battery": ("M170 92V270", "M170 282l-7-14h14z"),
    "solar_to_grid": ("M156 92V146Q156 172 130 172H102", "M90 172l14-7v14z"),
    "battery_to_home": ("M184 282V226Q184 200 210 200H238", "M250 200l-14-7v14z"),
    "battery_to_grid": ("M156 282V226Q156 200 130 200H102", "M90 200l14-7v14z"),
    "grid_to_home": ("M92 186H238", "M250 186l-14-7v14z"),
    "grid_to_battery": ("M92 200H130Q156 200 156 226V270", "M156 282l-7-14h14z"),
}
_PLACES = {  # x and y of the node and of its label, and how the label is anchored
    "solar": (170, 48, 224, 34, "start"),
    "grid": (48, 186, 48, 112, "middle"),
    "home": (292, 186, 292, 112, "middle"),
    "battery": (170, 326, 116, 338, "end"),
}

FLOWS = tuple(_LINES)


@dataclass(frozen=True)
class FlowLine:
    """One flow and the power on it; None draws it as unknown."""

    name: str
    source: str
    path: str
    head: str
    power_w: float | None
    width: float
    seconds: float

    @property
    def flowing(self) -> bool:
        return bool(self.power_w and self.power_w >= 1)


@dataclass(frozen=True, kw_only=True)
class Arc:
    """A part of the ring around the home, in percent of it: its length and its offset."""

    source: str
    length: float
    offset: float


@dataclass(frozen=True)
class Node:
    """One of solar, grid, home, battery: its power, and what it does, in a word."""

    name: str
    title: str
    power_w: float | None
    word: str
    x: int
    y: int
    label_x: int
    label_y: int
    anchor: str
    arcs: tuple[Arc, ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    nodes: tuple[Node, ...]
    lines: tuple[FlowLine, ...]
    remainder_w: float | None

    @property
    def words(self) -> str:
        """Return the text that a screen reader reads instead of the picture."""
        return ". ".join(f"{node.title}: {energy.power(node.power_w)}, {node.word}" for node in self.nodes)


def draw(
    *,
    nodes: Mapping[str, tuple[float | None, str]],
    flows: Mapping[str, float | None],
    remainder_w: float | None,
) -> Picture:
    """Place the nodes that a home has, and a line for each flow between them.

    The remainder (W) is what the meters leave unexplained; it is shown from UNEXPLAINED_W on and never spread
    over the other lines.
    """
    largest = max((power for power in flows.values() if power), default=0.0)
    lines = tuple(
        _line(name, flows.get(name), max(largest, FULL_W))
        for name in FLOWS
        if all(end in nodes for end in name.split("_to_"))
    )
    return Picture(
        nodes=tuple(_node(name, *nodes[name], flows) for name in _PLACES if name in nodes),
        lines=tuple(sorted(lines, key=lambda line: line.flowing)),
        remainder_w=remainder_w if remainder_w is not None and abs(remainder_w) >= UNEXPLAINED_W else None,
    )


def _line(name: str, power_w: float | None, scale_w: float) -> FlowLine:
    share = (power_w or 0.0) / scale_w
    return FlowLine(
        name,
        name.split("_to_")[0],
        *_LINES[name],
        power_w,
        width=round(THINNEST + (THICKEST - THINNEST) * share, 2),
        seconds=round(6.0 - 4.5 * share, 2),
    )


def _node(name: str, power_w: float | None, word: str, flows: Mapping[str, float | None]) -> Node:
    arcs = _arcs(flows) if name == "home" else ()
    return Node(name, name.capitalize(), power_w, word, *_PLACES[name], arcs)


def _arcs(flows: Mapping[str, float | None]) -> tuple[Arc, ...]:
    into_home = {source: flows.get(f"{source}_to_home") or 0.0 for source in ("solar", "battery", "grid")}
    feeding = {source: power_w for source, power_w in into_home.items() if power_w}
    total_w = sum(feeding.values())
    arcs, offset = [], 0.0
    for source, power_w in feeding.items():
        length = 100 * power_w / total_w
        arcs.append(Arc(source=source, length=round(length, 2), offset=round(-offset, 2)))
        offset += length
    return tuple(arcs)
