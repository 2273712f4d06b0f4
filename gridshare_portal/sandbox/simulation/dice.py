"""Random numbers that depend on nothing but a key and an index, so that any slice of time can be drawn alone.

The same seed gives the same weather, appliances and outages, whichever day is simulated first.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def key(*words: object) -> int:
    """Return a 63-bit key for these words."""
    text = "\x1f".join(str(word) for word in words)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def rolls(seed: int, index: npt.NDArray[np.number]) -> Floats:
    """Return one uniform number in [0, 1) for every index."""
    mixed = np.uint64(seed) + (index.astype(np.uint64) + np.uint64(1)) * _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def roll(seed: int, index: int) -> float:
    return float(rolls(seed, np.array([index]))[0])


def wave(seed: int, first: int, count: int, *, every: int) -> Floats:
    """Return a smooth random line in [0, 1) over consecutive steps, with a knot every few steps."""
    knot, last = first // every, (first + count - 1) // every + 1
    heights = rolls(seed, np.arange(knot, last + 1))
    steps = np.arange(first, first + count)
    left = steps // every - knot
    share = (steps % every) / every
    share = share * share * (3.0 - 2.0 * share)
    return heights[left] + (heights[left + 1] - heights[left]) * share
