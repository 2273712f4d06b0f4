"""Turn lifetime energy counters into the watt-hours of each step, and into those of whole gaps.

Both counters of a device, in and out, only grow until it is replaced, is reset or rolls over. What services
hand out does not: single values are off, counters step back, stand still and catch up, or jump. No other
module knows how a counter is read.

A day is judged from its own samples and those of the two days beside it, so that a step has the same energy
whatever else is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int_]

NOISE_WH = 10.0  # a fall of no more than that is the jitter of a register
BREAK_STEPS = 12.0  # so many steps are left unknown before a counter is taken to have begun anew
EDGE_STEPS = 2.0  # what a sample counts that has none after it yet
DOUBT_WH, DOUBT_FACTOR = 20.0, 12.0  # how far counter and power may differ: and so many times what is usual
FEWEST = 8  # steps, for a difference to be usual
REACH = 96  # samples left out in a row, at most
REGISTERS_WH = [float(2**bits * unit) for bits in (16, 32) for unit in (1, 10, 100, 1000)]
ROLLS_OVER_W, ROLLS_OVER_STEPS = 25_000.0, 4  # the fastest growth over the end of a register, and how long
NEIGHBORS = 1  # days to either side that a day is judged by


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a counter tells of equal steps.

    `wh` is the energy of each step in Wh, NaN where unknown. `at_wh` is the counter at the end of each step,
    NaN where unknown or not believed. `broken` are the steps across which no difference of the counter means
    anything: it began anew, or its power says otherwise. `step_h` is the length of a step
    in hours, `limit_wh` the most that a step can bring, `before_wh` the counter before the first.
    """

    wh: Floats
    at_wh: Floats
    broken: Flags
    step_h: float
    limit_wh: float
    before_wh: float = float("nan")

    def over(self, first: int, last: int) -> float:
        """Return the Wh of the steps from `first` to before `last` together; NaN where that is not known.

        It is known, too, where single steps in between are not: from the counter before and after those.
        """
        inside = self.wh[first:last]
        total = float(np.nansum(inside))
        for begin, end in runs(np.isnan(inside)):
            total += self._across(first + begin, first + end)
        return total

    def totals(self, between: Places) -> Floats:
        """Return the Wh known of several stretches, each a pair of edges; NaN where nothing is.

        Known are single steps, and what the counter knows over stretches of unknown ones that lie inside.
        """
        padded = np.append(np.nan_to_num(self.wh), 0.0)
        known = np.concatenate(([0], np.cumsum(~np.isnan(self.wh))))
        counts = known[between[:, 1]] - known[between[:, 0]]
        sums = np.add.reduceat(padded, between.ravel())[::2] if between.size else np.zeros(0)
        found = np.where(counts > 0, sums, np.nan)
        steps = between[:, 1] - between[:, 0]
        told = np.concatenate(([0], np.cumsum(~np.isnan(self.at_wh))))
        gappy = (counts < steps) & (steps > 1) & (told[between[:, 1]] > told[between[:, 0]])
        for number in np.flatnonzero(gappy).tolist():
            first, last = between[number].tolist()
            lumps = [self._across(first + a, first + b) for a, b in runs(np.isnan(self.wh[first:last]))]
            if not np.isnan(lumps).all():
                found[number] = np.nansum([found[number], *lumps])
        return found

    def cut(self, inside: slice) -> Growth:
        """Return a part of the steps, with the counter at its start."""
        return Growth(
            wh=self.wh[inside],
            at_wh=self.at_wh[inside],
            broken=self.broken[inside],
            step_h=self.step_h,
            limit_wh=self.limit_wh,
            before_wh=float(self.at_wh[inside.start - 1]) if inside.start else self.before_wh,
        )

    def _across(self, begin: int, end: int) -> float:
        if self.broken[begin:end].any():
            return float("nan")
        before = np.array(self.at_wh[begin - 1] if begin else self.before_wh)
        limit_wh = self.limit_wh * (end - begin)
        most_wh = np.minimum(_rollover(self.step_h, end - begin), limit_wh)
        grown = float(_grown(before, self.at_wh[end - 1], most_wh, REGISTERS_WH))
        return max(0.0, grown) if -NOISE_WH <= grown <= limit_wh else float("nan")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What power says about a counter: its own direction's mean times the step, in Wh, NaN where unknown.

    A meter may run in both directions within a step. `gross_wh` is what the counter of this direction then
    grows by: the net power and what the other counter grew by.
    """

    net_wh: Floats
    gross_wh: Floats


def evidence(
    own_w: Floats, other_w: Floats, other_counter: Floats, *, step_s: int, limit_w: float
) -> Evidence:
    """Return what powers (W, mean of each step and direction) and the other counter (Wh) lead to expect."""
    hours = step_s / 3600
    other = np.diff(other_counter, prepend=np.nan)
    with np.errstate(invalid="ignore"):
        other[(other < 0) | (other > limit_w * hours)] = np.nan
    return Evidence(net_wh=own_w * hours, gross_wh=(own_w - np.nan_to_num(other_w)) * hours + other)


def growth(
    counter: Floats, expected: Evidence | None = None, *, step_s: int, limit_w: float, day: int
) -> Growth:
    """Read a counter: Wh at the end of each step of `step_s` seconds, NaN where unknown.

    It begins at the start of a day, and `day` is the number of steps of one. The first step is unknown, since
    the counter before it is. Nothing grows faster than `limit_w` (W).

    A fall within NOISE_WH is jitter. Otherwise those samples are believed that leave the fewest steps
    unknown, where a fall, a jump, or a difference from power that is unusual for these days counts as
    BREAK_STEPS more (a shortest path over the samples).
    """
    count = len(counter)
    found = Growth(
        wh=np.diff(counter, prepend=np.nan),
        at_wh=np.array(counter, dtype=np.float64),
        broken=np.zeros(count, dtype=bool),
        step_h=step_s / 3600,
        limit_wh=limit_w * step_s / 3600,
    )
    if expected is None:
        expected = Evidence(net_wh=np.full(count, np.nan), gross_wh=np.full(count, np.nan))
    for number, doubt_wh in _odd_days(found, expected, day).items():
        first, last = max(0, (number - NEIGHBORS) * day), min(count, (number + 1 + NEIGHBORS) * day)
        around, own = slice(first, last), slice(number * day, min(count, (number + 1) * day))
        reader = _Reader(counter[around], _cut(expected, around), doubt_wh, found.limit_wh, found.step_h)
        judged, inside = reader.read(), slice(own.start - first, own.stop - first)
        found.wh[own], found.at_wh[own] = judged.wh[inside], judged.at_wh[inside]
        found.broken[own] = judged.broken[inside]
    return found


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Return first and one past last of each stretch in which flags are set."""
    if not flags.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _cut(expected: Evidence, around: slice) -> Evidence:
    return Evidence(net_wh=expected.net_wh[around], gross_wh=expected.gross_wh[around])


def _off(wh: Floats, expected: Evidence) -> Floats:
    """Return by how much steps differ from what power says of them; NaN where it says nothing."""
    return np.fmin(np.abs(wh - expected.net_wh), np.abs(wh - expected.gross_wh))


@dataclass(frozen=True, kw_only=True)
class _Doubts:
    """By how many Wh counter and power may differ, learned for each day from it and the days beside.

    Power may be a mean or a few samples, and sensors differ. Samples miss the more the more power moves: so
    what is usual is learned twice, as energy and as a share of how far power moves from step to step. What
    counts is the median where anything flows. `ending_wh` is `moved_wh` of a step seen without the next one.
    """

    usual_wh: Floats
    share: Floats
    moved_wh: Floats
    ending_wh: Floats

    def of(self, days: Places, steps: Places, is_last: Flags) -> Floats:
        """Return what is doubtful (Wh) of steps, seen from days whose stretch may end with that step."""
        moved = np.where(is_last, self.ending_wh[steps], self.moved_wh[steps])
        doubts: Floats = DOUBT_WH + DOUBT_FACTOR * (self.usual_wh[days] + self.share[days] * moved)
        return doubts

    def around(self, number: int, day: int) -> Floats:
        """Return what is doubtful of each step of a day and those beside."""
        first = max(0, (number - NEIGHBORS) * day)
        steps = np.arange(first, min(len(self.moved_wh), (number + 1 + NEIGHBORS) * day))
        return self.of(np.full(len(steps), number), steps, steps == steps[-1])


def _doubts(found: Growth, off: Floats, expected: Evidence, day: int) -> _Doubts:
    days = -(-len(off) // day)
    moved, ending = _moved(expected.net_wh)
    usual, share = np.zeros(days), np.zeros(days)
    if (off > DOUBT_WH).any():
        wh = found.wh
        flows = ~((np.abs(wh) < 1) & (np.abs(expected.net_wh) < 1)) & ~((wh < 0) | (wh > found.limit_wh))
        flowing = np.where(flows, off, np.nan)
        padded = np.full((3, (days + 2 * NEIGHBORS) * day), np.nan)
        inside = slice(NEIGHBORS * day, NEIGHBORS * day + len(off))
        padded[:, inside] = off, flowing, np.where(moved >= 1, flowing / np.maximum(moved, 1.0), np.nan)
        near = np.lib.stride_tricks.sliding_window_view(padded, (2 * NEIGHBORS + 1) * day, axis=1)
        near = near[:, ::day, 1:]  # what the first step brought depends on a day that is not among them
        differs = (near[0] > DOUBT_WH).any(axis=1)
        usual = np.where(differs, _medians(near[1]), 0.0)
        share = np.where(differs, _medians(near[2][:, :-1]), 0.0)
    return _Doubts(usual_wh=usual, share=share, moved_wh=moved, ending_wh=ending)


def _moved(net_wh: Floats) -> tuple[Floats, Floats]:
    """Return how far power lies apart in each step and those beside it, and without the one after it (Wh)."""
    before, after = np.append(np.nan, net_wh[:-1]), np.append(net_wh[1:], np.nan)
    highest, lowest = np.fmax(before, net_wh), np.fmin(before, net_wh)
    moved: Floats = np.nan_to_num(np.fmax(highest, after) - np.fmin(lowest, after))
    ending: Floats = np.nan_to_num(highest - lowest)
    return moved, ending


def _medians(rows: Floats) -> Floats:
    """Return the lower median of what is known in each row, 0 where that is too little to be usual."""
    ordered, count = np.sort(rows, axis=1), (~np.isnan(rows)).sum(axis=1)
    middle = ordered[np.arange(len(rows)), np.maximum(count - 1, 0) // 2]
    return np.where(count >= FEWEST, middle, 0.0)


def _odd_days(found: Growth, expected: Evidence, day: int) -> dict[int, Floats]:
    """Return the days that need a closer look, because of something odd in them or those beside.

    With each comes by how many Wh counter and power may differ in every step of those days. All that counts
    lies within them: what a day's first step brought does so only where the day before is there, too.
    """
    known, days = np.flatnonzero(~np.isnan(found.at_wh)), -(-len(found.wh) // day)
    grown, steps = np.diff(found.at_wh[known]), np.diff(known)
    with np.errstate(invalid="ignore"):
        off = _off(found.wh, expected)
        doubts = _doubts(found, off, expected, day)
        differ = np.flatnonzero(off > DOUBT_WH)
        jumped = np.flatnonzero((grown < 0) | (grown > found.limit_wh * steps))
    odd: set[int] = set()
    own, place = differ // day, differ % day
    for beside in range(-NEIGHBORS, NEIGHBORS + 1):
        seen = (own + beside >= 0) & (own + beside < days) & ((place > 0) | (beside < NEIGHBORS))
        number, at = own[seen] + beside, differ[seen]
        is_last = (place[seen] == day - 1) & (beside == -NEIGHBORS)
        odd.update(number[off[at] > doubts.of(number, at, is_last)].tolist())
    for before, after in zip(known[jumped].tolist(), known[jumped + 1].tolist(), strict=True):
        odd.update(range(max(0, after // day - NEIGHBORS), min(days, before // day + NEIGHBORS + 1)))
    return {number: doubts.around(number, day) for number in sorted(odd)}


def _rollover(step_h: float, steps: Places | int) -> Floats:
    """Return the most Wh that a fall may stand for as the end of a register, after so many steps."""
    most_wh: Floats = ROLLS_OVER_W * step_h * np.minimum(steps, ROLLS_OVER_STEPS)
    return most_wh


def _grown(before: Floats, after: Floats, most_wh: Floats, registers: Sequence[float]) -> Floats:
    """Return the Wh between two counters, over the end of a register where it is near enough for that."""
    grown: Floats = after - before
    for size in registers:
        over = size + grown
        near = (grown < -NOISE_WH) & (before < size) & (over >= 0) & (over <= most_wh)
        grown = np.where(near, over, grown)
    return grown


class _Reader:
    """Reads a few days of one counter closely."""

    def __init__(
        self, counter: Floats, expected: Evidence, doubt_wh: Floats, limit_wh: float, step_h: float
    ) -> None:
        self.count, self.limit_wh, self.step_h = len(counter), limit_wh, step_h
        self.at: Places = np.flatnonzero(~np.isnan(counter))
        self.values = counter[self.at]
        self.doubt_wh = doubt_wh
        self.expected = [_running(one) for one in (expected.net_wh, expected.gross_wh)]
        reach_wh = float(_rollover(step_h, REACH))
        highest = float(np.max(self.values, initial=0.0))
        self.registers = [size for size in REGISTERS_WH if size - reach_wh <= highest]

    def read(self) -> Growth:
        """Return what is believed."""
        wh, at_wh = np.full(self.count, np.nan), np.full(self.count, np.nan)
        broken = np.zeros(self.count, dtype=bool)
        path = self._path()
        at_wh[self.at[path]] = self.values[path]
        _cost, grown = self._links(path[:-1], path[1:])
        level = float(self.values[path[0]]) if path.size else 0.0
        for before, after, one in zip(path[:-1].tolist(), path[1:].tolist(), grown.tolist(), strict=True):
            first, last = int(self.at[before]), int(self.at[after])
            if np.isnan(one):
                broken[first + 1 : last + 1], level = True, float(self.values[after])
                continue
            rise = one - (
                level - float(self.values[before])
            )  # a register that jitters rises from its highest
            if last == first + 1:
                wh[last] = max(0.0, rise)
            level = float(self.values[after]) if rise >= 0 else level
        return Growth(wh=wh, at_wh=at_wh, broken=broken, step_h=self.step_h, limit_wh=self.limit_wh)

    def _path(self) -> Places:
        """Return the samples that are believed, by their places among the known ones."""
        many = len(self.at)
        every = np.arange(many)
        in_a_row, grown = self._links(every[:-1], every[1:])
        odd = np.flatnonzero(np.isnan(grown)) + 1
        if not odd.size:
            return every
        cost, came_from = np.zeros(many), every - 1
        first, last = int(odd[0]), min(many, int(odd[-1]) + REACH + 1)
        back = every[first:last, None] - np.arange(1, REACH + 1)
        befores = np.maximum(back, 0)
        links = np.where(back < 0, np.inf, self._links(befores, every[first:last, None])[0])
        for row, after in enumerate(range(first, last)):
            costs = cost[befores[row]] + links[row]
            best = int(np.argmin(costs))
            cost[after], came_from[after] = costs[best], befores[row, best]
            if EDGE_STEPS * after < cost[after]:
                cost[after], came_from[after] = EDGE_STEPS * after, -1
        cost[last:] = cost[last - 1] + np.cumsum(in_a_row[last - 1 :])
        place = int(np.argmin(cost + EDGE_STEPS * every[::-1]))
        path = []
        while place >= 0:
            path.append(place)
            place = int(came_from[place])
        return np.array(path[::-1], dtype=int)

    def _links(self, befores: Places, afters: Places) -> tuple[Floats, Floats]:
        """Return what it costs to believe pairs of samples and none in between, and the Wh of each pair.

        The energy is NaN where the two tell nothing about it.
        """
        first, last = self.at[befores], self.at[afters]
        steps = last - first
        most_wh = np.minimum(self.limit_wh * steps, _rollover(self.step_h, steps))
        grown = _grown(self.values[befores], self.values[afters], most_wh, self.registers)
        went = np.maximum(grown, 0.0)
        off = np.full(steps.shape, np.nan)
        for total, unknown in self.expected:
            told = unknown[last + 1] == unknown[first + 1]
            off = np.fmin(off, np.where(told, np.abs(went - (total[last + 1] - total[first + 1])), np.nan))
        total, unknown = self.expected[0]
        told_wh, open_steps = total[last + 1] - total[first + 1], unknown[last + 1] - unknown[first + 1]
        # A step of which power is unknown brings up to the limit, and the others still what power says.
        at_most = np.maximum(told_wh - went, went - told_wh - self.limit_wh * open_steps)
        off = np.where(np.isnan(off), at_most, off)
        plain = (grown >= -NOISE_WH) & (grown <= self.limit_wh * steps)
        plain &= off <= self.doubt_wh[last] * steps**0.25
        lost = np.where(steps > 1, steps, 0)
        return np.where(plain, lost, steps + BREAK_STEPS), np.where(plain, grown, np.nan)


def _running(values: Floats) -> tuple[Floats, Places]:
    """Return running sums of values, and of how many are unknown."""
    unknown = np.isnan(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(unknown, 0.0, values))))
    return total, np.concatenate(([0], np.cumsum(unknown)))
