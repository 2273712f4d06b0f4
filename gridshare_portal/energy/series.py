"""Put values on one grid of equal steps, and aggregate them into coarser columns.

A column is one value per step from one start; NaN is unknown. Every coarser column is made from the finest
one, never from another coarse one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.energy.periods import Period

Column = NDArray[np.float64]
Whole = NDArray[np.int_]  # numbers of steps: edges, or how many


@dataclass(frozen=True)
class Grid:
    """`count` equal steps of `step_s` seconds from `start` on."""

    start: datetime
    step_s: int
    count: int

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.step_s * self.count)

    def edge(self, moment: datetime) -> int:
        """Return the number of the first step that starts at the moment or later, from 0 to count."""
        return min(max(-((self.start - moment) // timedelta(seconds=self.step_s)), 0), self.count)


def grid_over(period: Period, step_s: int) -> Grid:
    """Return the grid of steps, aligned to UTC, that touch the period."""
    start = int(period.start.timestamp()) // step_s * step_s
    end = -(-int(period.end.timestamp()) // step_s) * step_s
    return Grid(datetime.fromtimestamp(start, UTC), step_s, (end - start) // step_s)


def edges(grid: Grid, periods: Sequence[Period]) -> Whole:
    """Return one row per period: the first step that starts inside it, and one past the last.

    Periods that meet share an edge, so that no step is counted twice and none is lost.
    """
    return np.array([(grid.edge(one.start), grid.edge(one.end)) for one in periods], dtype=int).reshape(-1, 2)


def sums(values: Column, between: Whole) -> Column:
    """Add up the known values between each pair of edges; NaN where none is known."""
    if not between.size:
        return np.zeros(0)
    padded = np.append(np.nan_to_num(values), 0.0)
    return np.where(known(values, between) > 0, np.add.reduceat(padded, between.ravel())[::2], np.nan)


def known(values: Column, between: Whole) -> Whole:
    """Count the known steps between each pair of edges."""
    running = np.concatenate(([0], np.cumsum(~np.isnan(values))))
    return running[between[:, 1]] - running[between[:, 0]]


def every(factor: int, count: int) -> Whole:
    """Return the edges of groups of `factor` steps; the last may be shorter."""
    first = np.arange(0, count, factor)
    return np.column_stack((first, np.minimum(first + factor, count)))


def means(values: Column, between: Whole) -> Column:
    """Average the known values between each pair of edges; NaN where none is known."""
    counts = known(values, between).astype(np.float64)
    counts[counts == 0] = np.nan
    return sums(values, between) / counts


def integers(values: Column) -> list[int | None]:
    """Round a column to whole numbers, None where unknown."""
    whole = np.rint(values)
    return [None if one != one else int(one) for one in whole.tolist()]
