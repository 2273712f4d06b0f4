"""What becomes of a sensor's counters: each fault is a function around the counters that it finds.

A counter is asked for moments (rising seconds since 1970) and gives a row for each, in and out in Wh.
Whatever order the faults were switched on in, they act in that of `ACTING`: the device's own come first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gridshare_portal.sandbox.api.faults import Fault, Options
from gridshare_portal.sandbox.api.misreadings.places import Mask, Place
from gridshare_portal.sandbox.simulation import dice
from gridshare_portal.sandbox.simulation.dice import Floats

Counters = Callable[[Floats], Floats]
SMALLEST_MODULUS = 2.0**16


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The sensor (its id; which of its two columns count at all), the step of the buckets, the moment."""

    synth_id: str
    counts: tuple[bool, bool]
    step_s: float
    now_s: float


def spoilt(counters: Counters, faults: Sequence[Fault], asked: Asked) -> Counters:
    """Return the counters as they are told with these faults; those of another kind leave them alone."""
    for kind in ACTING:
        for fault in faults:
            if fault.kind == kind:
                counters = _around(counters, fault, asked)
    return counters


def provisional_end_s(options: Options, asked: Asked) -> float:
    """Return when the youngest final bucket ended."""
    return float((asked.now_s - 60 * options.get("minutes", 60)) // asked.step_s * asked.step_s)


def _around(counters: Counters, fault: Fault, asked: Asked) -> Counters:
    place, columns = Place.of(fault.options), _columns(fault.options, asked)
    told = ACTING[fault.kind]

    def spoilt_counters(moments: Floats) -> Floats:
        true = counters(moments)
        return np.where(columns, np.maximum(told(counters, moments, place, fault.options, asked), 0.0), true)

    return spoilt_counters


def _columns(options: Options, asked: Asked) -> Mask:
    meant = {"increment": (True, False), "decrement": (False, True)}.get(
        options.get("counter", ""), (True, True)
    )
    both: Mask = np.array(meant) & np.array(asked.counts)
    return both


def _replaced(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    return counters(moments) - _where(moments > place.since_s) * counters(np.array([place.since_s]))


def _frozen(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    still = counters(np.where(place.counted(moments), place.since_s, moments))
    if options.get("catch_up", True):
        return still
    before, after = counters(np.array([place.since_s, place.until_s]))
    lacking: Floats = still - _where(moments > place.until_s) * (after - before)
    return lacking


def _dipped(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    return counters(moments) - _where(place.counted(moments)) * options["wh"]


def _noisy(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    keys = [dice.key(asked.synth_id, "noise", column) for column in ("in", "out")]
    off = np.stack([2.0 * dice.rolls(key, moments) - 1.0 for key in keys], axis=1)
    return counters(moments) + _where(place.counted(moments)) * options["wh"] * off


def _rolled(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    begin = counters(np.array([place.since_s])) if "since" in options else 0.0
    return np.mod(counters(moments) - begin, options.get("modulus", SMALLEST_MODULUS))


def _bumped(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    begin_s = place.since_s // asked.step_s * asked.step_s
    inside = (moments > begin_s) & (moments <= begin_s + asked.step_s)
    return counters(moments) + _where(inside) * options.get("wh", 0.0)


def _not_yet(counters: Counters, moments: Floats, place: Place, options: Options, asked: Asked) -> Floats:
    final_s = provisional_end_s(options, asked)
    open_ = _where(place.counted(moments) & (moments > final_s) & bool(options.get("counters", False)))
    return np.where(open_, counters(np.minimum(moments, max(final_s, place.since_s))), counters(moments))


def _where(moments: Mask) -> Mask:
    return moments[:, None]


ACTING: dict[str, Callable[[Counters, Floats, Place, Options, Asked], Floats]] = {
    "replace": _replaced,
    "freeze": _frozen,
    "dip": _dipped,
    "noise": _noisy,
    "roll_over": _rolled,
    "spike": _bumped,
    "provisional": _not_yet,
}
