"""Simulate consecutive UTC days of one home, from its state at the first midnight.

Time runs in steps of five minutes, cut exactly where a mode, plan or command begins or ends. What comes in
equals what goes out in every piece, because the grid takes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from gridshare_portal.sandbox.simulation import physics, strategy
from gridshare_portal.sandbox.simulation.dice import Floats, Numbers
from gridshare_portal.sandbox.simulation.homes import COLUMNS, SimulatedHome
from gridshare_portal.sandbox.simulation.ledger import Ledger, Segment

LEVEL = 0  # column 0 is the battery's level; the counters follow


@dataclass(frozen=True, kw_only=True)
class Days:
    """The edges of the pieces (seconds since 1970), and level and counters (Wh) at every edge."""

    edges: Floats
    values: Floats

    @property
    def size(self) -> int:
        return self.edges.nbytes + self.values.nbytes


@dataclass(frozen=True, kw_only=True)
class _Pieces:
    """Days cut into pieces: their edges, the five-minute step each lies in, and their hours."""

    first: date
    days: int
    edges: Floats
    step: Numbers
    hours: Floats

    def slice_of(self, segment: Segment) -> slice:
        return slice(*np.searchsorted(self.edges, (segment.start, segment.end)))


def live(
    home: SimulatedHome, first: date, mark: Floats, *, days: int, ledgers: dict[str, Ledger], key: int
) -> Days:
    """Simulate UTC days from level and counters (`mark`, Wh) at the first one's midnight."""
    rules = {meaning: _rule(home, first, days, meaning, ledgers) for meaning in ("battery", "relay")}
    pieces = _cut(first, days, rules["battery"] + rules["relay"])
    sun = physics.solar_w(home.place, first, peak_w=home.solar_peak_w, key=key, days=days)[pieces.step]
    vehicle, relay = _vehicle_w(home, pieces, key), _relay_w(home, pieces, rules["relay"], key)
    people = physics.household_w(home.place, first, size=home.size, key=key + 2, days=days)
    use = people[pieces.step] + vehicle + relay
    charged, discharged, levels = _battery(home, pieces, mark[LEVEL], rules["battery"], sun - use, key)
    grid = (use - sun) * pieces.hours + charged - discharged
    between = (np.concatenate([[mark[LEVEL]], levels[:-1]]) + levels) / 2
    flows = {
        "solar": sun * pieces.hours,
        "from_grid": np.maximum(grid, 0.0),
        "to_grid": np.maximum(-grid, 0.0),
        "charged": charged,
        "discharged": discharged,
        "home": use * pieces.hours,
        "ev": vehicle * pieces.hours,
        "relay": relay * pieces.hours,
        "stored": between * pieces.hours,
    }
    grown = [flows[name] for name in COLUMNS]
    if home.circuits:
        parts = physics.circuits_w(people, first, count=home.circuits, key=key + 11)
        grown.extend((parts[pieces.step] * pieces.hours[:, None]).T)
    return Days(edges=pieces.edges, values=_summed(mark, grown, levels))


def _summed(mark: Floats, grown: list[Floats], levels: Floats) -> Floats:
    """Return one row per edge; a column is contiguous in memory, where it is added up."""
    columns = np.empty((len(mark), len(levels) + 1))
    columns[:, 0] = mark
    columns[LEVEL, 1:] = levels
    for place, growth in enumerate(grown, start=1):
        np.cumsum(growth, out=columns[place, 1:])
    columns[1:, 1:] += mark[1:, None]
    return columns.T


def _rule(
    home: SimulatedHome, first: date, days: int, meaning: str, ledgers: dict[str, Ledger]
) -> list[Segment]:
    device = home.device_with(meaning)
    if device is None or device.synth_id not in ledgers:
        return []
    start = physics.midnight(first)
    return ledgers[device.synth_id].segments(start, start + days * physics.DAY_S)


def _cut(first: date, days: int, segments: list[Segment]) -> _Pieces:
    start = physics.midnight(first)
    edges, step, hours = _uncut(days)
    edges = start + edges
    cuts = [segment.start for segment in segments if segment.start % physics.STEP_S]
    if cuts:
        edges = np.union1d(edges, cuts)
        step = ((edges[:-1] - start) // physics.STEP_S).astype(int)
        hours = np.diff(edges) / 3600.0
    return _Pieces(first=first, days=days, edges=edges, step=step, hours=hours)


@lru_cache(maxsize=8)
def _uncut(days: int) -> tuple[Floats, Numbers, Floats]:
    """Return edges (seconds since the first midnight), steps and hours of days that nothing cuts."""
    step = np.arange(days * physics.STEPS)
    edges = physics.STEP_S * np.arange(len(step) + 1, dtype=float)
    return edges, step, np.full(len(step), physics.STEP_S / 3600.0)


def _vehicle_w(home: SimulatedHome, pieces: _Pieces, key: int) -> Floats:
    if not home.vehicle_w:
        return np.zeros(len(pieces.hours))
    spans = physics.vehicle_spans(
        home.place, pieces.first, key=key + 5, power_w=home.vehicle_w, days=pieces.days
    )
    return home.vehicle_w * physics.duty(spans, _starts(pieces))[pieces.step]


def _relay_w(home: SimulatedHome, pieces: _Pieces, rule: list[Segment], key: int) -> Floats:
    if not home.hot_water_w:
        return np.zeros(len(pieces.hours))
    spans = physics.hot_water_spans(home.place, pieces.first, key=key + 6, days=pieces.days)
    power = home.hot_water_w * physics.duty(spans, _starts(pieces))[pieces.step]
    for segment in rule:
        if segment.command is not None and segment.command.action in ("heat", "hold"):
            power[pieces.slice_of(segment)] = home.hot_water_w if segment.command.action == "heat" else 0.0
    return power


def _battery(
    home: SimulatedHome, pieces: _Pieces, level_wh: float, rule: list[Segment], surplus_w: Floats, key: int
) -> tuple[Floats, Floats, Floats]:
    battery = home.battery
    if battery is None:
        nothing = np.zeros(len(pieces.hours))
        return nothing, nothing, nothing
    hour, weekday = physics.local_clock(home.place.zone, pieces.first, pieces.days)
    sun = physics.expected_sun_wh(
        home.place, pieces.first, peak_w=home.solar_peak_w, key=key, days=pieces.days
    )
    demands = []
    for segment in rule:
        part = pieces.slice_of(segment)
        step = pieces.step[part]
        stretch = strategy.Stretch(
            surplus_w=surplus_w[part],
            hour=hour[step],
            weekday=weekday[step],
            expected_sun_wh=sun[step // physics.STEPS],
        )
        demands.append(strategy.demand(battery, segment.mode, segment.command, stretch))
    power, low, high = (np.concatenate(parts) for parts in zip(*demands, strict=True))
    return physics.run_battery(level_wh, power, pieces.hours, low, high, battery.one_way)


def _starts(pieces: _Pieces) -> Floats:
    return physics.midnight(pieces.first) + _uncut(pieces.days)[0][:-1]
