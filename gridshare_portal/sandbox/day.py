"""One UTC day in one home, from the state at its midnight: who used, gave and stored how much.

The day runs in steps of five minutes, cut exactly where a mode, plan or command begins or
ends. What comes in equals what goes out in every piece, because the grid takes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from gridshare_portal.sandbox import physics, policy
from gridshare_portal.sandbox.homes import COLUMNS, Home
from gridshare_portal.sandbox.ledger import Ledger, Segment

LEVEL = 0  # column 0 is the battery's level; the counters follow
_EDGES = physics.STEP_S * np.arange(physics.STEPS + 1, dtype=float)
_STEPS = np.arange(physics.STEPS)
_HOURS = np.full(physics.STEPS, physics.STEP_S / 3600.0)


@dataclass(frozen=True, kw_only=True)
class Day:
    """The edges of a day's pieces (seconds since 1970), and level and counters at every edge."""

    edges: np.ndarray
    values: np.ndarray

    @property
    def size(self) -> int:
        """Return the bytes it takes."""
        return self.edges.nbytes + self.values.nbytes


@dataclass(frozen=True, kw_only=True)
class _Pieces:
    """The day cut into pieces: their edges, the five-minute step each lies in, and their hours."""

    date: date
    edges: np.ndarray
    step: np.ndarray
    hours: np.ndarray

    def of(self, segment: Segment) -> slice:
        return slice(*np.searchsorted(self.edges, (segment.start, segment.end)))


def live(home: Home, date_: date, mark: np.ndarray, *, ledgers: dict[str, Ledger], key: int) -> Day:
    """Live through one UTC day from level and counters at its midnight."""
    rules = {meaning: _rule(home, date_, meaning, ledgers) for meaning in ("battery", "relay")}
    pieces = _cut(date_, rules["battery"] + rules["relay"])
    sun = physics.solar_w(home.place, date_, peak_w=home.solar_peak_w, key=key)[pieces.step]
    vehicle, relay = _vehicle_w(home, pieces, key), _relay_w(home, pieces, rules["relay"], key)
    people = physics.household_w(home.place, date_, size=home.size, key=key + 2)
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
    grown = np.column_stack([flows[name] for name in COLUMNS])
    if home.circuits:
        parts = physics.circuits_w(people, date_, count=home.circuits, key=key + 11)
        grown = np.hstack([grown, parts[pieces.step] * pieces.hours[:, None]])
    return Day(edges=pieces.edges, values=_summed(mark, grown, levels))


def _summed(mark: np.ndarray, grown: np.ndarray, levels: np.ndarray) -> np.ndarray:
    values = np.empty((len(grown) + 1, len(mark)))
    values[0] = mark
    values[1:, LEVEL] = levels
    np.cumsum(grown, axis=0, out=values[1:, 1:])
    values[1:, 1:] += mark[1:]
    return values


def _rule(home: Home, date_: date, meaning: str, ledgers: dict[str, Ledger]) -> list[Segment]:
    device = home.device_with(meaning)
    if device is None or device.synth_id not in ledgers:
        return []
    start = physics.midnight(date_)
    return ledgers[device.synth_id].segments(start, start + physics.DAY_S)


def _cut(date_: date, segments: list[Segment]) -> _Pieces:
    start = physics.midnight(date_)
    edges = start + _EDGES
    cuts = [segment.start for segment in segments if segment.start % physics.STEP_S]
    if not cuts:
        return _Pieces(date=date_, edges=edges, step=_STEPS, hours=_HOURS)
    edges = np.union1d(edges, cuts)
    step = ((edges[:-1] - start) // physics.STEP_S).astype(int)
    return _Pieces(date=date_, edges=edges, step=step, hours=np.diff(edges) / 3600.0)


def _vehicle_w(home: Home, pieces: _Pieces, key: int) -> np.ndarray:
    if not home.vehicle_w:
        return np.zeros(len(pieces.hours))
    spans = physics.vehicle_spans(home.place, pieces.date, key=key + 5, power_w=home.vehicle_w)
    return home.vehicle_w * physics.duty(spans, _starts(pieces.date))[pieces.step]


def _relay_w(home: Home, pieces: _Pieces, rule: list[Segment], key: int) -> np.ndarray:
    if not home.hot_water_w:
        return np.zeros(len(pieces.hours))
    spans = physics.hot_water_spans(home.place, pieces.date, key=key + 6)
    power = home.hot_water_w * physics.duty(spans, _starts(pieces.date))[pieces.step]
    for segment in rule:
        if segment.command is not None and segment.command.action in ("heat", "hold"):
            power[pieces.of(segment)] = home.hot_water_w if segment.command.action == "heat" else 0.0
    return power


def _battery(
    home: Home, pieces: _Pieces, level_wh: float, rule: list[Segment], surplus_w: np.ndarray, key: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    battery = home.battery
    if battery is None:
        nothing = np.zeros(len(pieces.hours))
        return nothing, nothing, nothing
    hour, weekday = physics.local_clock(home.place.zone, pieces.date)
    sun = physics.expected_sun_wh(home.place, pieces.date, peak_w=home.solar_peak_w, key=key)
    wishes = []
    for segment in rule:
        part = pieces.of(segment)
        step = pieces.step[part]
        stretch = policy.Stretch(
            surplus_w=surplus_w[part], hour=hour[step], weekday=weekday[step], expected_sun_wh=sun
        )
        wishes.append(policy.wish(battery, segment.mode, segment.command, stretch))
    power, low, high = (
        np.concatenate([getattr(wish, name) for wish in wishes]) for name in ("power_w", "low_wh", "high_wh")
    )
    return physics.run_battery(level_wh, power, pieces.hours, low, high, battery.one_way)


def _starts(date_: date) -> np.ndarray:
    return physics.midnight(date_) + _EDGES[:-1]
