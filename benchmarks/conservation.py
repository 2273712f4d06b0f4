"""Compare what the portal says of 400 days of each demo home with the sandbox's own truth.

Run as `python -m benchmarks.conservation`. Each home is connected, read and collected over HTTP as
in the portal, into a database of its own (on the server of DATABASE_URL when that names one).
Then the bars of every local day are held against the truth about the same buckets: those that the
portal calls known. What it does not call known is counted beside.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import world

if TYPE_CHECKING:
    from gridshare_portal.energy import periods, series
    from gridshare_portal.sandbox import wsgi
    from gridshare_portal.sites import models as sites
    from gridshare_portal.telemetry import queries

DAYS = 400
TRUTHS = {
    "solar_wh": "solar",
    "from_grid_wh": "from_grid",
    "to_grid_wh": "to_grid",
    "charged_wh": "charged",
    "discharged_wh": "discharged",
    "home_wh": "home",
    "ev_wh": "ev",
    "relay_wh": "relay",
}


def main() -> None:
    """Load every demo home, and print a line for each."""
    with world.portal(), world.pretended(homes=6) as sandbox:
        print(f"{'home':10}{'sensors':>8}{'calls':>7}{'load s':>8}{'days':>6}{'known buckets':>20}", end="")
        print(f"{'balance Wh':>12}{'bars ms':>9}   largest difference of one local day, Wh")
        for customer in sandbox.world.customers:
            for site, calls, took_s in world.connected(sandbox, customer.username):
                report(sandbox, customer.username, site, calls, took_s)


def report(sandbox: wsgi.Sandbox, username: str, site: sites.Site, calls: int, took_s: float) -> None:
    """Print how far the portal's days are from the truth."""
    bars, differences, bars_s = compared(sandbox, site)
    known = sum(bar.known_s for bar in bars) // 900
    due = known + sum(bar.missing_s for bar in bars) // 900
    unbalanced = max(abs(_balance(bar)) for bar in bars)
    worst = max(differences, key=lambda name: differences[name])
    print(
        f"{username + ' ' + str(site.pk):10}{site.sensors.count():8}{calls:7}{took_s:8.1f}{len(bars):6}"
        f"{f'{known:,} of {due:,}':>20}{unbalanced:12.6f}{bars_s * 1000:9.0f}   "
        f"{differences[worst]:.4f} ({worst.removesuffix('_wh')})",
        flush=True,
    )


def compared(sandbox: wsgi.Sandbox, site: sites.Site) -> tuple[list[queries.Totals], dict[str, float], float]:
    """Return the bars of all local days, each quantity's largest difference, and CPU seconds for the bars."""
    from gridshare_portal.energy import periods
    from gridshare_portal.telemetry import balance, queries

    end = sandbox.clock.now()
    whole = periods.Period(end - timedelta(days=DAYS), end)
    pieces = periods.days_of(whole, site.zone)
    began_s = time.process_time()
    bars = queries.bars(site, pieces)
    took_s = time.process_time() - began_s
    metered = balance.energy(site, whole)
    grid, went = metered.grid, metered.balance
    known = {name: went.known for name in TRUTHS}
    known |= {"ev_wh": went.known & ~np.isnan(went.ev), "relay_wh": went.known & ~np.isnan(went.relay)}
    largest = dict.fromkeys(TRUTHS, 0.0)
    for piece, bar in zip(pieces, bars, strict=True):
        told = {name: getattr(bar, name) for name in TRUTHS if getattr(bar, name) is not None}
        truths = {mask.tobytes(): _truth(sandbox, site, grid, mask, piece) for mask in known.values()}
        for name, value in told.items():
            truth = truths[known[name].tobytes()][TRUTHS[name]]
            largest[name] = max(largest[name], abs(value - truth))
    return bars, largest, took_s


def _truth(
    sandbox: wsgi.Sandbox, site: sites.Site, grid: series.Grid, known: np.ndarray, piece: periods.Period
) -> dict[str, float]:
    """Add up the truth about the known stretches of one local day."""
    first, last = grid.edge(piece.start), grid.edge(piece.end)
    turns = np.flatnonzero(np.diff(np.concatenate(([False], known[first:last], [False])).astype(int)))
    total = dict.fromkeys(TRUTHS.values(), 0.0)
    for start, end in turns.reshape(-1, 2):
        moments = (grid.start + timedelta(seconds=900 * int(first + one)) for one in (start, end))
        for name, value in sandbox.world.truth(site.synth_id, *moments).items():
            total[name] += value
    return total


def _balance(bar: queries.Totals) -> float:
    """Return what came in and is not accounted for; all of a bar is known, or nothing and then it is 0."""
    came_in = (bar.solar_wh, bar.from_grid_wh, bar.discharged_wh)
    went_out = (bar.to_grid_wh, bar.charged_wh, bar.home_wh, bar.remainder_wh)
    known = [one for one in (*came_in, *went_out) if one is not None]
    return sum(known[:3]) - sum(known[3:]) if len(known) == len(came_in) + len(went_out) else 0.0


if __name__ == "__main__":
    main()
