"""The history of one home, simulated some days at a time and only as far as it is read.

The state at the first midnight of every block of days is kept; its steps are simulated again from there when
they are read, and cached within a limited size, so that a thousand homes fit in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, timedelta

import numpy as np

from gridshare_portal.sandbox.simulation import days, dice, physics
from gridshare_portal.sandbox.simulation.days import LEVEL, Days
from gridshare_portal.sandbox.simulation.dice import Floats
from gridshare_portal.sandbox.simulation.homes import SimulatedHome
from gridshare_portal.sandbox.simulation.ledger import Ledger

SHELF_BYTES = 64_000_000
BLOCK = 8  # days lived at once: many make a year cheap, few make a single day cheap
BLOCK_S = BLOCK * physics.DAY_S


class Shelf:
    """An LRU cache of the simulated blocks of all homes, limited in bytes."""

    def __init__(self, limit_bytes: int = SHELF_BYTES) -> None:
        self._blocks: OrderedDict[tuple[str, int], Days] = OrderedDict()
        self._limit, self._size = limit_bytes, 0

    def get(self, key: tuple[str, int]) -> Days | None:
        block = self._blocks.get(key)
        if block is not None:
            self._blocks.move_to_end(key)
        return block

    def put(self, key: tuple[str, int], block: Days) -> None:
        self.drop(key)
        self._blocks[key] = block
        self._size += block.size
        while self._size > self._limit and len(self._blocks) > 1:
            self._size -= self._blocks.popitem(last=False)[1].size

    def clear(self) -> None:
        self._blocks.clear()
        self._size = 0

    def drop(self, key: tuple[str, int]) -> None:
        gone = self._blocks.pop(key, None)
        self._size -= gone.size if gone is not None else 0


class History:
    """What every counter of one home showed at any moment since it was put in."""

    def __init__(
        self, home: SimulatedHome, *, seed: int, begin: date, ledgers: dict[str, Ledger], shelf: Shelf
    ) -> None:
        self.home, self.begin, self._shelf = home, begin, shelf
        self._ledgers = ledgers
        self._key = dice.key(seed, home.site_id)
        self._place = {name: 1 + index for index, name in enumerate(home.columns)}
        self._marks = np.zeros((64, 1 + len(home.columns)))
        self._marks[0] = self._first()
        self._lived = 0

    @property
    def start_s(self) -> float:
        """The first second of the history, since 1970."""
        return physics.midnight(self.begin)

    def at(self, moments: Floats, columns: list[str | None]) -> Floats:
        """Return one row per moment (rising seconds): "level" or counters in Wh; None is a zero column."""
        wanted = [LEVEL if name == "level" else self._place.get(name or "", -1) for name in columns]
        moments = np.maximum(moments, self.start_s)
        numbers = ((moments - self.start_s) // BLOCK_S).astype(int)
        result = np.zeros((len(moments), len(columns)))
        bounds = np.flatnonzero(np.diff(numbers)) + 1
        for first, last in zip([0, *bounds], [*bounds, len(moments)], strict=True):
            if first < last:
                result[first:last] = self._within(int(numbers[first]), moments[first:last], wanted)
        result[:, [index for index, place in enumerate(wanted) if place < 0]] = 0.0
        return result

    def forget_from(self, moment_s: float) -> None:
        """Simulate again from the block of this moment on: something was accepted then."""
        number = max(0, int((moment_s - self.start_s) // BLOCK_S))
        for gone in range(number, self._lived):
            self._shelf.drop((self.home.site_id, gone))
        self._lived = min(self._lived, number)

    def _within(self, number: int, moments: Floats, wanted: list[int]) -> Floats:
        if moments[-1] == self.start_s + number * BLOCK_S:
            return self._mark(number)[wanted][None, :].repeat(len(moments), axis=0)
        block = self._block(number)
        left = np.searchsorted(block.edges, moments, side="right") - 1
        share = (moments - block.edges[left]) / (block.edges[left + 1] - block.edges[left])
        values: Floats = block.values[:, wanted]
        return values[left] + share[:, None] * (values[left + 1] - values[left])

    def _mark(self, number: int) -> Floats:
        while self._lived < number:
            self._live(self._lived)
        mark: Floats = self._marks[number]
        return mark

    def _block(self, number: int) -> Days:
        known = self._shelf.get((self.home.site_id, number))
        if known is not None:
            return known
        self._mark(number)
        return self._live(number)

    def _live(self, number: int) -> Days:
        first = self.begin + timedelta(days=number * BLOCK)
        block = days.live(
            self.home, first, self._marks[number], days=BLOCK, ledgers=self._ledgers, key=self._key
        )
        if number == self._lived:
            if number + 1 >= len(self._marks):
                self._marks = np.concatenate([self._marks, np.zeros_like(self._marks)])
            self._marks[number + 1] = block.values[-1]
            self._lived = number + 1
        self._shelf.put((self.home.site_id, number), block)
        return block

    def _first(self) -> Floats:
        """Return the first state; counters do not begin at 0, since the home was there before."""
        rolls = dice.rolls(self._key + 7, np.arange(len(self.home.columns)))
        past = {name: 4_000_000 * roll for name, roll in zip(self.home.columns, rolls, strict=True)}
        battery = self.home.battery
        past["discharged"] = past["charged"] * battery.efficiency if battery else 0.0
        measured = {column for sensor in self.home.sensors for column in (sensor.into, sensor.out_of)}
        counters = [past[name] if name in measured else 0.0 for name in self.home.columns]
        return np.array([battery.capacity_wh * 0.4 if battery else 0.0, *counters])
