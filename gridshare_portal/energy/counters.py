"""Turn lifetime energy counters into the watt-hours of each bucket.

Both counters of a device, in and out, only grow until it is replaced or reset. No other module knows how a
counter is read.
"""

from __future__ import annotations

import numpy as np

HALF_A_DAY_S = 43_200
ROUNDING_WH = 1e-6


def growth(
    counter: np.ndarray, before: float = np.nan, *, step_s: int, limit_w: float | None = None
) -> np.ndarray:
    """Return the Wh of each bucket, from the counter (Wh) at each bucket's end.

    `before` is the counter at the start of the first bucket. NaN means unknown: either end is missing, the
    counter fell, or it grew by more than `limit_w` (W) allows in `step_s` seconds. Values that leave the line
    and come back to it within half a day, down or up, are not believed, and the buckets that touch them are
    unknown; a fall that stays is a reset, and only its bucket is unknown. So each bucket depends on half a
    day before it and a day after it, and on nothing else.
    """
    values = np.concatenate(([before], np.asarray(counter, dtype=float)))
    grown = np.diff(values)
    grown[(grown < 0) & (grown > -ROUNDING_WH)] = 0.0
    grown[grown < 0] = np.nan
    if limit_w is not None:
        grown[grown > limit_w * step_s / 3600] = np.nan
    strays = _strays(values, reach=HALF_A_DAY_S // step_s - 1)
    if strays is not None:
        grown[strays[:-1] | strays[1:]] = np.nan
    return grown


def _strays(values: np.ndarray, *, reach: int) -> np.ndarray | None:
    at = np.flatnonzero(~np.isnan(values))
    known = values[at]
    falls = np.flatnonzero((np.diff(known) < -ROUNDING_WH) & (np.diff(at) <= reach))
    if not falls.size:
        return None
    strays = np.zeros(len(values), dtype=bool)
    for fall in falls.tolist():
        strays[_stray(values, last=int(at[fall]), low=int(at[fall + 1]), reach=reach)] = True
    return strays


def _stray(values: np.ndarray, *, last: int, low: int, reach: int) -> slice:
    """Return the values not believed because of one fall, between its last high and its first low one."""
    back = np.flatnonzero(values[low + 1 : low + 1 + reach] >= values[last])
    if back.size:
        return slice(low, low + 1 + int(back[0]))
    first = max(0, low - reach)
    level = np.flatnonzero(values[first:low] <= values[low])
    if level.size:
        return slice(first + int(level[-1]) + 1, low)
    return slice(0, 0)
