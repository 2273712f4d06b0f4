"""Turn raw readings into the portal's own: stamped at the start of quarter hours, in W, Wh and %.

The one place in which what a sensor means is taken into account; nothing behind it knows. Finer buckets
become the mean of their power and the last of their counters. Coarser ones fill each quarter hour that they
cover with their own mean, and with counters that rise evenly, so that none is missing and sums stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.gridshare import types
from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry.meaning import learning, told

Floats = NDArray[np.float64]
MEANS = ("voltage_v", "current_a", "charge_pct")
SCALED = {"power_sign", "power_scale", "counter_scale", "charge_scale"}
DIGITS = 3  # of a W or Wh: what is finer was made by dividing


def asked(window: missing.Window, means: told.Told) -> tuple[datetime, datetime]:
    """Return the stretch to ask for, so that buckets that begin before the window are told too."""
    step = timedelta(seconds=means.step_s)
    start = window.start - (window.start - missing.midnight(missing.day_of(window.start))) % step
    return (start if window.end - start <= missing.LONGEST else window.start), window.end


def normal(
    readings: Sequence[types.Reading], means: told.Told, *, now: datetime
) -> tuple[list[types.Reading], int]:
    """Return raw readings of one answer as the portal keeps them, and how long their own buckets were (s)."""
    found = [_scaled(one, means) for one in readings] if means.unusual.keys() & SCALED else list(readings)
    starts = np.array([one.at.timestamp() for one in found])
    step_s = _step(starts, means)
    if means.stamps == told.END:
        starts -= step_s
        found = [replace(one, at=_moment(at)) for one, at in zip(found, starts.tolist(), strict=True)]
    if not found or (step_s == missing.STEP_S and not (starts % missing.STEP_S).any()):
        return found, step_s
    return list(_quarters(found, starts, step_s, now)), step_s


def _step(starts: Floats, means: told.Told) -> int:
    """Return the length (s) of an answer's buckets: as it shows itself, else as its sensor's usually are."""
    if len(starts) < 2:
        return means.step_s
    if starts[-1] - starts[0] + means.step_s >= learning.DAY_OF_READINGS_S:
        return learning.step_of(starts) or means.step_s
    lengths, counts = np.unique(np.diff(starts), return_counts=True)
    usual = int(lengths[np.argmax(counts)])
    return usual if 0 < usual < means.step_s else means.step_s


def _scaled(one: types.Reading, means: told.Told) -> types.Reading:
    into, out_of = _times(one.in_w, means.power_scale), _times(one.out_w, means.power_scale)
    current_a, charge_pct = one.current_a, _times(one.charge_pct, means.charge_scale)
    if means.power_sign == told.OUT_OF:
        into, out_of, current_a = out_of, into, _times(current_a, -1)
    return replace(
        one,
        in_w=into,
        out_w=out_of,
        current_a=current_a,
        charge_pct=None if charge_pct is None else min(charge_pct, 100.0),
        in_wh=_times(one.in_wh, means.counter_scale),
        out_wh=_times(one.out_wh, means.counter_scale),
    )


def _times(value: float | None, scale: int) -> float | None:
    return value if value is None or scale == 1 else round(value * scale, 2 * DIGITS) + 0.0


def _quarters(
    found: Sequence[types.Reading], starts: Floats, step_s: int, now: datetime
) -> Iterator[types.Reading]:
    """Yield the quarter hours that buckets of another length, or at other moments, cover.

    One that still runs reaches to now: what it tells changes until it is over, and is asked for again.
    """
    ends = np.minimum(starts + step_s, np.append(starts[1:], np.inf))
    if starts[-1] < now.timestamp():
        ends[-1] = min(ends[-1], now.timestamp())
    first, last = starts[0] // missing.STEP_S, -(-ends[-1] // missing.STEP_S)
    edges = missing.STEP_S * np.arange(first, last + 1)
    net_w = _column(found, "in_w") - _column(found, "out_w")
    means = [
        _means(column, starts, ends, edges) for column in (net_w, *(_column(found, name) for name in MEANS))
    ]
    counted = [
        _counted(_column(found, name), sign * net_w, starts, ends, edges)
        for name, sign in (("in_wh", 1), ("out_wh", -1))
    ]
    places = np.minimum(np.searchsorted(ends, edges[1:]), len(found) - 1).tolist()
    rows = zip(edges[:-1].tolist(), places, *(column.tolist() for column in (*means, *counted)), strict=True)
    for at, place, power_w, voltage_v, current_a, charge_pct, in_wh, out_wh in rows:
        yield types.Reading(
            at=_moment(at),
            in_w=_known(max(power_w, 0.0)),
            out_w=_known(max(-power_w, 0.0)),
            voltage_v=_known(voltage_v),
            current_a=_known(current_a),
            charge_pct=_known(charge_pct),
            state=found[place].state,
            in_wh=_known(in_wh),
            out_wh=_known(out_wh),
        )


def _means(values: Floats, starts: Floats, ends: Floats, edges: Floats) -> Floats:
    """Return the mean of each stretch between edges, over as much of it as is known; NaN where nothing is."""
    known = ~np.isnan(values)
    if not known.any():
        return np.full(len(edges) - 1, np.nan)
    moments = np.column_stack((starts[known], ends[known])).ravel()
    lengths = ends[known] - starts[known]

    def running(rates: Floats) -> Floats:
        sums = np.cumsum(rates * lengths)
        at = np.column_stack((np.append(0.0, sums[:-1]), sums)).ravel()
        return np.diff(np.interp(edges, moments, at))

    covered = running(np.ones(len(lengths)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(covered > 0, running(values[known]) / covered, np.nan)


def _counted(counter: Floats, own_w: Floats, starts: Floats, ends: Floats, edges: Floats) -> Floats:
    """Return a counter at the end of each stretch: as told where a bucket ends there, else as it rises.

    It rises evenly from the bucket before, or, of the first bucket of an answer, as its power says.
    """
    place = np.minimum(np.searchsorted(ends, edges[1:]), len(ends) - 1)
    told_wh, begun = counter[place], starts[place]
    met = np.zeros(len(starts), dtype=bool)
    met[1:] = ends[:-1] == starts[1:]
    before = np.where(met, np.append(np.nan, counter[:-1]), np.nan)[place]
    power_wh = np.maximum(own_w[place], 0.0) * (ends - starts)[place] / 3600
    before = np.where((place == 0) & ~met[place], np.maximum(told_wh - power_wh, 0.0), before)
    share = (edges[1:] - begun) / (ends - starts)[place]
    with np.errstate(invalid="ignore"):
        risen = before + share * (told_wh - before)
        inside = (share > 0) & (share < 1) & (told_wh >= before)
    return np.where(ends[place] == edges[1:], told_wh, np.where(inside, risen, np.nan))


def _column(found: Sequence[types.Reading], name: str) -> Floats:
    return np.array([getattr(one, name) for one in found], dtype=np.float64)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _known(value: float) -> float | None:
    return None if value != value else round(value, DIGITS) + 0.0
