"""The energies of whole stretches of a home, as they are kept, and how those of several become those of one.

Pure. A stretch has an amount for each energy, how many of its buckets are known, and what its ends look like:
what a counter tells of buckets that are unknown around the end of one stretch and the begin of the next is in
neither. `joined` says where that is so; there the two have to be made as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.energy import counters, series
from gridshare_portal.telemetry import balance

METERED = tuple(balance.METERED)
AMOUNTS = (*METERED, *balance.FLOWS, *(f"own_{name}" for name in balance.TOGETHER))  # Wh
COUNTS = ("known", "reckoned", "silent", "uncounted", "missing")  # buckets; silent are those reckoned, too
PLACES = ("first_told", "first_heard", "first_sure", "last_sure")  # buckets from the begin, NaN where none
COLUMNS = (*AMOUNTS, *COUNTS, *PLACES)
AT = {name: number for number, name in enumerate(COLUMNS)}
IN_BALANCE = (("battery", "grid", "home"), ("battery", "grid", "solar"))  # roles whose counter in, out counts
EDGES = ("opens", "closes", "told", "before", "absent_first", "absent_last")

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What the first and the last bucket of stretches look like, a row each.

    A column for each counter, those in and then those out: whether it is known in the first and the last
    bucket, told anything, did so just before, and was not there at either end. `balance` has two columns:
    whether everything is known in the first and the last bucket.
    """

    opens: Flags
    closes: Flags
    told: Flags
    before: Flags
    absent_first: Flags
    absent_last: Flags
    balance: Flags

    def of(self, rows: slice) -> Edges:
        """Return those of some of the stretches."""
        return Edges(**{name: getattr(self, name)[rows] for name in (*EDGES, "balance")})


@dataclass(frozen=True, kw_only=True)
class Told:
    """Which buckets of a stretch are known, and which the counters know together; Wh of what needs all."""

    known: Flags
    reckoned: Flags
    own_wh: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Sums:
    """The energies of stretches, a row each, in COLUMNS; NaN is unknown."""

    rows: series.Column
    edges: Edges


@dataclass(frozen=True, kw_only=True)
class Stretches:
    """The sums of stretches one after the other, in COLUMNS, between these edges of a grid."""

    rows: series.Column
    between: series.Whole


def told(metered: balance.Metered, first: int, last: int) -> Told:
    """Return what is told of the buckets from `first` to before `last`, by each and by stretches of them."""
    went = metered.balance
    known = went.known[first:last].copy()
    own = {name: float(getattr(went, name)[first:last][known].sum()) for name in balance.TOGETHER}
    reckoned = np.zeros(last - first, dtype=bool)
    for begin, end in counters.runs(~known) if metered.heard[:, first:last].any() else ():
        whole = metered.over(first + begin, first + end)
        if whole.known.all():
            reckoned[begin:end] = True
            own = {name: amount + float(getattr(whole, name)[0]) for name, amount in own.items()}
    return Told(known=known, reckoned=reckoned, own_wh=own)


def made(metered: balance.Metered, between: series.Whole, due: slice | None = None) -> Sums:
    """Return the sums of stretches, each a pair of edges of the grid; missing is counted of buckets due."""
    rows = np.full((len(between), len(COLUMNS)), np.nan)
    for name, column in metered.totals(between).items():
        rows[:, AT[name]] = column
    for name in balance.FLOWS:
        rows[:, AT[name]] = series.sums(getattr(metered.balance.flows, name), between)
    for number, (first, last) in enumerate(between.tolist()):
        found, silent = told(metered, first, last), metered.silent[first:last]
        either = found.known | found.reckoned
        wanted = _due(first, last, due)
        uncounted = wanted & ~either & ~silent & metered.broken[first:last]
        sure = np.flatnonzero(either | uncounted)
        rows[number, AT["own_from_grid"] : AT["own_remainder"] + 1] = list(found.own_wh.values())
        rows[number, AT["known"] :] = (
            found.known.sum(),
            found.reckoned.sum(),
            (found.reckoned & silent).sum(),
            uncounted.sum(),
            (wanted & ~either & ~uncounted).sum(),
            _first(either),
            _first(metered.heard[:, first:last].any(axis=0)),
            sure[0] if sure.size else np.nan,
            sure[-1] + 1 if sure.size else np.nan,
        )
    return Sums(rows=rows, edges=_edges(metered, between))


def joined(edges: Edges, roles: Sequence[str]) -> Flags:
    """Return between which stretches, each right after the one before, something is told of both together.

    A counter tells nothing over an end if it never told anything before or after, nor in the last bucket.
    """
    reach = np.logical_or.accumulate(np.vstack((edges.before[:1] | edges.told[:1], edges.told[1:])))[:-1]
    reach &= np.logical_or.accumulate(edges.told[:0:-1])[::-1]
    last, first, between = ~edges.closes[:-1], ~edges.opens[1:], edges.before[1:]
    some: Flags = (last & first & (reach | between)).any(axis=1)
    needed = np.array([role in one for one in IN_BALANCE for role in roles], dtype=bool)
    silent_last = needed & last & ~edges.absent_last[:-1] & ~between
    silent_first = needed & first & ~edges.absent_first[1:] & ~between
    never = (silent_last & ~reach).any(axis=1) & silent_first.any(axis=1)
    return some | (~edges.balance[:-1, 1] & ~edges.balance[1:, 0] & ~never)


def added(parts: Sequence[Stretches], due: slice) -> series.Column | None:
    """Add up the stretches of each part, a row each; None where that cannot be said from the stretches.

    Of those that are due in part, what is missing is known only if nothing was told beyond.
    """
    rows, between = np.vstack([part.rows for part in parts]), np.vstack([part.between for part in parts])
    starts, sizes = between[:, 0], between[:, 1] - between[:, 0]
    within = np.minimum(between[:, 1], due.stop) - np.maximum(starts, due.start)
    some, whole = within > 0, within == sizes
    places = rows[:, AT["first_told"] :] + starts[:, None]
    beyond = (places[:, -2] < due.start) | (places[:, -1] > due.stop)
    if (some & ~whole & beyond).any():
        return None
    rows = rows.copy()
    rows[:, AT["first_told"] :] = places
    rows[:, AT["missing"]] -= np.where(some, sizes - within, rows[:, AT["missing"]])
    rows[:, AT["uncounted"]] *= some
    firsts = np.cumsum([0, *(len(part.rows) for part in parts[:-1])])
    unknown = np.isnan(rows)
    unknown[:, AT["own_from_grid"] :] = False  # what needs all is a number wherever anything is known
    total: series.Column = np.add.reduceat(np.where(unknown, 0.0, rows), firsts)
    total[np.logical_and.reduceat(unknown, firsts)] = np.nan
    nearest = np.fmin.reduceat(rows[:, AT["first_told"] :], firsts)
    total[:, AT["first_told"] :] = nearest - starts[firsts][:, None]
    return total


def packed(sums: Sums, number: int) -> bytes:
    """Return a stretch as bytes."""
    flags = [getattr(sums.edges, name)[number] for name in EDGES]
    ends = np.concatenate([*flags, sums.edges.balance[number]])
    row: bytes = sums.rows[number].astype("<f8").tobytes()
    return row + np.packbits(ends).tobytes()


def unpacked(stretches: Sequence[bytes], sensors: int) -> Sums:
    """Return stretches from bytes, of a home with so many sensors."""
    size, width = 8 * len(COLUMNS), 2 * sensors
    table = np.frombuffer(b"".join(stretches), dtype=np.uint8).reshape(len(stretches), -1)
    rows = np.ascontiguousarray(table[:, :size]).view("<f8")
    flags = np.unpackbits(table[:, size:], axis=1, count=len(EDGES) * width + 2).astype(bool)
    parts = {name: flags[:, at * width : (at + 1) * width] for at, name in enumerate(EDGES)}
    return Sums(rows=rows, edges=Edges(**parts, balance=flags[:, -2:]))


@lru_cache(maxsize=256)
def nothing(count: int, absent: tuple[bool, ...]) -> bytes:
    """Return a stretch of so many buckets in which nothing was told, as bytes; some sensors were absent."""
    rows = np.full((1, len(COLUMNS)), np.nan)
    rows[0, AT["own_from_grid"] : AT["missing"] + 1] = 0.0
    rows[0, AT["missing"]] = count
    never, away = np.zeros((1, 2 * len(absent)), dtype=bool), np.array([[*absent, *absent]], dtype=bool)
    flags = {name: away if name.startswith("absent") else never for name in EDGES}
    return packed(Sums(rows=rows, edges=Edges(**flags, balance=np.zeros((1, 2), dtype=bool))), 0)


def _edges(metered: balance.Metered, between: series.Whole) -> Edges:
    firsts, ends = between[:, 0], between[:, 1]
    both, count = (*metered.went_in, *metered.went_out), metered.grid.count
    known = ~np.isnan(np.array([one.wh for one in both], dtype=float).reshape(-1, count))
    at = ~np.isnan(np.array([one.at_wh for one in both], dtype=float).reshape(-1, count))
    earlier = ~np.isnan(np.array([one.before_wh for one in both], dtype=float))
    before = np.where(firsts > 0, at[:, firsts - 1], earlier[:, None])
    running = np.cumsum(np.pad(at, ((0, 0), (1, 0))), axis=1)
    absent = np.vstack((metered.absent, metered.absent))
    all_known = metered.balance.known
    return Edges(
        opens=known[:, firsts].T,
        closes=known[:, ends - 1].T,
        told=(running[:, ends] > running[:, firsts]).T,
        before=before.T,
        absent_first=absent[:, firsts].T,
        absent_last=absent[:, ends - 1].T,
        balance=np.column_stack((all_known[firsts], all_known[ends - 1])),
    )


def _due(first: int, last: int, due: slice | None) -> Flags:
    """Return which buckets from `first` to before `last` are due; all without a word about it."""
    wanted = np.full(last - first, due is None)
    if due is not None:
        wanted[max(0, due.start - first) : max(0, due.stop - first)] = True
    return wanted


def _first(flags: Flags) -> float:
    return float(np.argmax(flags)) if flags.any() else float("nan")
