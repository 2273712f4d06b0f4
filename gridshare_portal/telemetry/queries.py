"""Queries on a home's stored readings; none of them calls the API.

Every figure of every zoom comes from the same counters. What a meter counted is the sum of its known buckets
and of what its counter knows over unknown ones; what the home used, and which part of it was its own, needs
every meter at once, over the same stretch. What is missing is told beside it. Each query costs a small,
constant number of SQL queries. A page with several of them reads the home once (`stored.read`) and passes
that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from gridshare_portal.energy import flows, periods
from gridshare_portal.energy import series as grids
from gridshare_portal.telemetry import balance, meters, missing, stored
from gridshare_portal.telemetry.models import Collection
from gridshare_portal.telemetry.sums import amounts, kept


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Energy of a home in a period, in Wh; None where unknown.

    What flowed from where to where is told of the buckets in which every meter is known, the rest, too, of
    stretches of which only the whole is. The remainder is what came in and is not accounted for; below zero
    more went out than came in. `compared_wh` is what came from the grid while the home's use is known: of it
    and home_wh self-sufficiency is made.

    The times together are as much of the period as lies between the home's first reading and the last time it
    was read: known_s; reckoned_s without readings, of which counters know the whole; uncounted_s with
    readings, in which a counter began anew or jumped; missing_s of which nothing tells the energy.
    """

    solar_wh: float | None
    home_wh: float | None
    from_grid_wh: float | None
    to_grid_wh: float | None
    charged_wh: float | None
    discharged_wh: float | None
    solar_to_home_wh: float | None
    solar_to_battery_wh: float | None
    solar_to_grid_wh: float | None
    battery_to_home_wh: float | None
    battery_to_grid_wh: float | None
    grid_to_home_wh: float | None
    grid_to_battery_wh: float | None
    remainder_wh: float | None
    ev_wh: float | None
    relay_wh: float | None
    compared_wh: float | None
    self_sufficiency_pct: float | None
    known_s: int
    reckoned_s: int
    missing_s: int
    uncounted_s: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the first load has come, in days."""

    days_done: int = 0
    days_total: int = missing.HISTORY.days
    first_48h_done: bool = False
    done: bool = False


def totals(home: stored.Home, period: periods.Period) -> Totals:
    """Return the totals of one period, in Wh."""
    return bars(home, [period])[0]


def bars(home: stored.Home, pieces: Sequence[periods.Period]) -> list[Totals]:
    """Return the totals of each of several periods, in their order, in one pass over the stored days."""
    if not pieces:
        return []
    whole = periods.Period(min(one.start for one in pieces), max(one.end for one in pieces))
    home = stored.read(home, whole)
    return _of_days(home, whole, pieces) or _of_buckets(home, whole, pieces)


def buckets(home: stored.Home, period: periods.Period) -> dict[str, object]:
    """Return a power chart's columns with the energy (Wh) of each of its finest buckets beside, None unknown.

    The energies are those that `bars` adds up, of buckets in which every meter of that kind is known.
    """
    home = stored.read(home, period)
    metered = balance.energy(home, period)
    between = grids.every(_step(home, metered.grid, missing.STEP_S), metered.grid.count)
    energies = {name: grids.sums(getattr(metered.balance, name), between) for name in balance.METERED}
    columns = {f"{name}_wh": column.tolist() for name, column in energies.items()}
    known = {name: [None if one != one else one for one in column] for name, column in columns.items()}
    return series(home, period, step_s=missing.STEP_S) | known


def series(home: stored.Home, period: periods.Period, *, step_s: int) -> dict[str, object]:
    """Return a power chart by column: mean W (charge in %) per step from `start` on, None where unknown.

    Where the service told longer buckets than a step, each of those is one: `step_s` says how long.
    `start` and `read_at` are Unix seconds. `partial` lists the steps of which only a part is known. Of the
    first `final_steps` steps the service has had the time to correct itself; later ones may still change.
    `complete` says whether everything was known that was over when the home was last read. Raises ValueError
    unless step_s is a multiple of the finest bucket.
    """
    home = stored.read(home, period)
    grid, size, drawn, known = _drawn(home, period, step_s)
    between = grids.every(size, grid.count)
    expected = _expected(home.collection, grid)
    counts = grids.known(np.where(known, 0.0, np.nan), between)
    read_at = home.collection.last_ok_at if home.collection else None
    return {
        "start": int(grid.start.timestamp()),
        "step_s": size * missing.STEP_S,
        **{name: grids.integers(column) for name, column in drawn.items()},
        "partial": np.flatnonzero((counts > 0) & (counts < between[:, 1] - between[:, 0])).tolist(),
        "final_steps": _over(read_at, grid, missing.PROVISIONAL) // size,
        "read_at": int(read_at.timestamp()) if read_at else None,
        "complete": bool(expected and known[:expected].all()),
    }


def progress(home: stored.Home) -> Progress:
    """Return how many days of the past were fetched, out of how many."""
    row = home.collection if isinstance(home, stored.Kept) else Collection.objects.filter(site=home).first()
    if row is None:
        return Progress()
    newest = missing.day_of(row.last_ok_at) if row.last_ok_at else row.goal + missing.HISTORY
    total = max(1, (newest - row.goal).days)
    done = (newest - row.filled_back_to).days if row.filled_back_to else 0
    return Progress(
        days_done=min(max(done, 0), total),
        days_total=total,
        first_48h_done=row.last_ok_at is not None,
        done=done >= total,
    )


def _drawn(
    home: stored.Kept, period: periods.Period, step_s: int
) -> tuple[grids.Grid, int, dict[str, np.ndarray], np.ndarray]:
    """Return a step's size, mean power and charge per step, and which of the finest buckets are known."""
    if step_s <= 0 or step_s % missing.STEP_S:
        raise ValueError(f"A step is a multiple of {missing.STEP_S} seconds.")
    read = balance.columns(home, period, ("in_w", "out_w", "charge_pct"))
    went_in, went_out = (meters.within(read.values[name], read.sensors) for name in ("in_w", "out_w"))
    went = balance.balance(read.sensors, went_in, went_out, read.absent)
    size = _step(home, read.grid, step_s)
    between = grids.every(size, read.grid.count)
    finest = {
        "solar_w": went.solar,
        "charging_w": went.charged,
        "discharging_w": went.discharged,
        "from_grid_w": went.from_grid,
        "to_grid_w": went.to_grid,
        "home_w": went.home,
        "charge_pct": balance.charge(read.sensors, read.values["charge_pct"], read.absent),
    }
    drawn = {name: grids.means(column, between) for name, column in finest.items()}
    return read.grid, size, drawn, went.known


def _step(home: stored.Kept, grid: grids.Grid, step_s: int) -> int:
    """Return how many of the finest buckets a step is of, no shorter than what the service told.

    A step of which less than two fit is the whole period, as a day of 25 hours is.
    """
    size = max(step_s, home.told_s) // missing.STEP_S
    return size if 2 * size <= grid.count or size * missing.STEP_S <= step_s else max(grid.count, 1)


def _of_days(
    home: stored.Kept, whole: periods.Period, pieces: Sequence[periods.Period]
) -> list[Totals] | None:
    """Return the totals of pieces from what is kept of their days; None where they are not made of days.

    Nor where something was told beyond the moment at which the home was last read, or before it began.
    """
    found = kept.of_pieces(home, whole, pieces)
    if found is None:
        return None
    days, parts = found
    grid = grids.grid_over(whole, missing.STEP_S)
    first = _first(home.collection, grid)
    heard = days.between[:, 0] + days.rows[:, amounts.AT["first_heard"]]
    if ((heard < first) & (days.between[:, 1] > first)).any():
        return None
    due = slice(_begun(first, heard), _expected(home.collection, grid))
    added = amounts.added(parts, due)
    roles = {sensor.role for sensor in home.sensors}
    edges = [(int(part.between[0, 0]), int(part.between[-1, 1])) for part in parts]
    return None if added is None else _totals(added, edges, due, roles)


def _of_buckets(home: stored.Kept, whole: periods.Period, pieces: Sequence[periods.Period]) -> list[Totals]:
    """Return the totals of pieces from the finest buckets."""
    metered = balance.energy(home, whole)
    heard = np.flatnonzero(metered.heard.any(axis=0)).astype(float)
    first = _first(home.collection, metered.grid)
    due = slice(_begun(first, heard), _expected(home.collection, metered.grid))
    between = grids.edges(metered.grid, pieces)
    made = amounts.made(metered, between, due)
    return _totals(made.rows, between.tolist(), due, metered.balance.roles)


def _totals(rows: grids.Column, edges: Sequence[Sequence[int]], due: slice, roles: Set[str]) -> list[Totals]:
    """Return the totals of pieces, of each of which the sums are a row and the edges are given."""
    return [
        _total(dict(zip(amounts.COLUMNS, row, strict=True)), edge, due, roles)
        for row, edge in zip(rows.tolist(), edges, strict=True)
    ]


def _total(row: dict[str, float], edges: Sequence[int], due: slice, roles: Set[str]) -> Totals:
    first, last = edges
    told = row["known"] + row["reckoned"]
    known, reckoned = row["known"], row["reckoned"]
    if row["silent"]:  # the bucket after a gap told what the gap brought
        known, reckoned = told - row["silent"], row["silent"]
    energies = {f"{name}_wh": row[name] for name in amounts.METERED}
    energies |= {name: row[name] for name in balance.FLOWS}
    own = {name: row[f"own_{name}"] if told else math.nan for name in balance.TOGETHER}
    energies["home_wh"] = energies["home_wh"] if "home" in roles else own["home"]
    energies |= {"remainder_wh": own["remainder"], "compared_wh": own["from_grid"]}
    enough = told and 2 * told >= min(last, max(due.stop, first)) - first - row["first_told"]
    return Totals(
        **{name: None if math.isnan(value) else value for name, value in energies.items()},
        self_sufficiency_pct=flows.self_sufficiency_pct(own["home"], own["from_grid"]) if enough else None,
        known_s=int(known) * missing.STEP_S,
        reckoned_s=int(reckoned) * missing.STEP_S,
        missing_s=int(row["missing"]) * missing.STEP_S,
        uncounted_s=int(row["uncounted"]) * missing.STEP_S,
    )


def _first(collection: Collection | None, grid: grids.Grid) -> int:
    """Return the first step of the grid in which the home's history can begin, 0 where it began before."""
    if collection is None or collection.filled_back_to is None or collection.filled_back_to > collection.goal:
        return 0
    return grid.edge(missing.midnight(collection.goal))


def _begun(first: int, heard: grids.Column) -> int:
    """Return the step with which the history begins: the first heard of, from `first` on."""
    after = heard[heard >= first]
    return int(np.min(after)) if first and after.size else first


def _expected(collection: Collection | None, grid: grids.Grid) -> int:
    """Return how many of the grid's steps were over when the home was last read."""
    return _over(collection.last_ok_at if collection else None, grid, timedelta(0))


def _over(read_at: datetime | None, grid: grids.Grid, since: timedelta) -> int:
    """Return how many of the grid's steps were over for a time when the home was last read."""
    if read_at is None:
        return 0
    return min(max((read_at - since - grid.start) // timedelta(seconds=grid.step_s), 0), grid.count)
