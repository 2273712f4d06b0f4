"""Compare what the portal says of 400 days of each demo home with the truth, with all faults of readings on.

Run as `python -m benchmarks.conservation`, or with names of customers. Each home is connected, read and
collected over HTTP as in the portal, into a database of its own (on the server of DATABASE_URL if that names
one). Each fault of readings holds for one sensor of the home, in weeks of its own; the clock then goes on
for twelve days, so that what is late or provisional comes. A line for each home and zoom says how far its
energies are from the truth at most, apart for the stretches in which a counter is noisy, and how many
quarters of an hour are unknown beside the least.

Bars that are said to be whole are held against the truth of all of their time, others may only be smaller.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import world

if TYPE_CHECKING:
    from gridshare_portal.energy import periods
    from gridshare_portal.sandbox import wsgi
    from gridshare_portal.sites import models as sites

DAYS, LATER_DAYS = 400, 12
QUARTER = timedelta(minutes=15)
ASKED = "getDeviceTelemetry"
NOISE_WH = 3.0
TRUTHS = ("solar", "from_grid", "to_grid", "charged", "discharged", "home", "ev", "relay")
APART = ("ev", "relay")  # no bar says what is missing of these alone
PERIODS: dict[
    str, tuple[dict[str, Any], int, int]
] = {  # each fault: its options, how many quarters it lasts, and how many of them nobody can know
    "late_upload": ({}, 120, 0),
    "dip": ({"wh": 100.0}, 0, 1),
    "deep dip": ({"wh": 5000.0}, 0, 1),
    "passing dip": ({"wh": 5000.0}, 8, 9),
    "noise": ({"wh": NOISE_WH}, 96, 0),
    "freeze": ({}, 12, 13),
    "freeze for good": ({"catch_up": False}, 12, 12),
    "replace": ({}, 0, 1),
    "spike": ({"value": -429496729.6}, 0, 0),
    "bump": ({"wh": 19_200.0}, 0, 2),
    "null_again": ({}, 96, 0),
}
KINDS = {"deep dip": "dip", "passing dip": "dip", "freeze for good": "freeze", "bump": "spike"}


@dataclass
class Faults:
    """What was switched on for a home: when counters are noisy, and which quarters nobody can know."""

    start: datetime
    unknowable: NDArray[np.bool_]
    noisy: list[tuple[datetime, datetime]] = field(default_factory=list)

    def lose(self, begins: datetime, count: int) -> None:
        """Count as many quarters from the one in which a moment lies as unknowable."""
        first = (begins - self.start) // QUARTER
        self.unknowable[max(0, first) : max(0, first + count)] = True

    def is_noisy(self, begins: datetime, ends: datetime) -> bool:
        return any(begins < until and since < ends for since, until in self.noisy)


@dataclass
class Off:
    """How far energies of one zoom are from the truth at most (Wh), and what was left out of them."""

    whole_wh: float = 0.0
    noisy_wh: float = 0.0
    beyond_wh: float = 0.0
    short_wh: float = 0.0
    count: int = 0
    partial: int = 0
    where: str = ""


def main() -> None:
    """Load every demo home, and print a line for each zoom."""
    with world.portal(), world.pretended(homes=6) as sandbox:
        print(
            f"{'home':8}{'zoom':9}{'periods':>8}{'in part':>8}{'off Wh':>10}{'in noise':>10}{'too much':>10}"
            f"{'not told Wh':>13}   unknown quarters, the least; where it is worst"
        )
        seen: set[int] = set()
        for customer in sandbox.world.customers:
            if sys.argv[1:] and customer.username not in sys.argv[1:]:
                continue
            for site, faults in connected(sandbox, customer.username, seen):
                report(sandbox, f"{customer.username} {site.pk}", site, faults)


def connected(sandbox: wsgi.Sandbox, username: str, seen: set[int]) -> Iterator[tuple[sites.Site, Faults]]:
    """Connect a customer and collect each home that is new, while faults hold and after they are over."""
    from gridshare_portal.sites import models as sites
    from tests import people

    visitor = people.with_home(f"{username}@portal.example", username, sandbox=sandbox)
    for site in sites.Site.objects.filter(connection_sites__connection__user=visitor.user).order_by("pk"):
        if site.pk in seen:
            continue
        seen.add(site.pk)
        start = sandbox.clock.now()
        faults = switched_on(sandbox, site, start)
        for _ in range(LATER_DAYS * 2 + 1):
            collect_all(site, now=sandbox.clock.now())
            sandbox.clock.advance(timedelta(hours=12))
        sandbox.faults.clear()
        yield site, faults


def switched_on(sandbox: wsgi.Sandbox, site: sites.Site, now: datetime) -> Faults:
    """Switch each fault on for one of the home's sensors, two weeks apart."""
    from gridshare_portal.telemetry import balance

    begin = (now - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    count = (timedelta(days=DAYS + LATER_DAYS + 1)) // QUARTER
    faults = Faults(start=begin, unknowable=np.zeros(count, dtype=bool))
    sensors = list(site.sensors.exclude(role_found="unknown"))
    for number, (name, (options, length, least)) in enumerate(PERIODS.items()):
        sensor = sensors[number % len(sensors)]
        hour = (11, 18, 0, 6)[number % 4]
        since = (now - timedelta(days=6 + 13 * number)).astimezone(site.zone)
        since = since.replace(hour=hour, minute=30, second=0, microsecond=0).astimezone(UTC)
        given: dict[str, Any] = {**options, "sensor": sensor.synth_id, "since": spelled(since)}
        if length:
            given["until"] = spelled(since + length * QUARTER)
        if name == "late_upload":
            given["handed_in_at"] = spelled(now + timedelta(days=3))
        if name == "noise":
            faults.noisy.append((since, since + length * QUARTER + timedelta(days=1)))
        sandbox.faults.switch_on(ASKED, KINDS.get(name, name), **given)
        if sensor.role in balance.BALANCED:
            faults.lose(since, least)
    for sensor in sensors:
        if sensor.role not in balance.BALANCED:
            continue
        flaws = sandbox.world.blemishes(sensor.synth_id)
        for first_s, last_s in flaws.outages:
            first, last = (datetime.fromtimestamp(one, UTC) for one in (first_s, last_s))
            faults.lose(first, (last - first) // QUARTER + 1)
        if flaws.reset_s is not None:
            faults.lose(datetime.fromtimestamp(flaws.reset_s, UTC) - QUARTER, 1)
        if flaws.dip is not None:
            faults.lose(datetime.fromtimestamp(flaws.dip[0], UTC), 2)
    sandbox.faults.switch_on(ASKED, "provisional", site=site.synth_id, minutes=60, counters=True)
    gone_until = spelled(now + timedelta(days=1))
    sandbox.faults.switch_on(
        ASKED, "not_found_for_a_while", sensor=sensors[-1].synth_id, asked_until=gone_until
    )
    return faults


def collect_all(site: sites.Site, *, now: datetime) -> None:
    """Collect a home to the end of what it may be asked for, however often that fails on the way."""
    from gridshare_portal.outbound import circuit_breaker
    from gridshare_portal.telemetry import collect
    from gridshare_portal.telemetry.models import Collection

    row = Collection.objects.get(site=site)
    for _ in range(20):
        Collection.objects.filter(pk=row.pk).update(due_at=now)
        circuit_breaker.forget()
        more = collect.run(collection_pk=row.pk, now=now, owner=uuid.uuid4().hex, seconds=600)
        row.refresh_from_db()
        if not more and "timeout" not in row.last_error:
            return


def report(sandbox: wsgi.Sandbox, name: str, site: sites.Site, faults: Faults) -> None:
    """Print how far each zoom is from the truth."""
    from gridshare_portal.energy import periods
    from gridshare_portal.telemetry import balance, stored

    end = read_at(site) - timedelta(hours=3)
    whole = periods.Period(end - timedelta(days=DAYS), end)
    days = periods.days_of(whole, site.zone)[1:-1]
    whole = periods.Period(days[0].start, days[-1].end)
    kept = stored.read(site, whole)
    known = balance.energy(kept, whole).balance.known
    first = (whole.start - faults.start) // QUARTER
    least = int(faults.unknowable[first : first + len(known)].sum())
    unknown = f"   {int((~known).sum()):,}, {least:,}"
    unknown += f" (at most {_longest(~known & ~faults.unknowable[first : first + len(known)])} at once)"
    zooms = {
        "quarter": periods_of(whole),
        "day": days,
        "month": periods.months_of(whole, site.zone),
        "year": [whole],
    }
    truth = Truth(sandbox, site, whole)
    for zoom, pieces in zooms.items():
        began_s = time.process_time()
        off = compared(kept, truth, pieces, faults, fine=zoom == "quarter")
        took_s = time.process_time() - began_s
        print(
            f"{name:8}{zoom:9}{off.count:8,}{off.partial:8,}{off.whole_wh:10.3f}{off.noisy_wh:10.3f}"
            f"{off.beyond_wh:10.3f}{off.short_wh:13,.0f}{unknown}{off.where}  ({took_s:.1f} s)",
            flush=True,
        )
        unknown = "   "
    print(
        f"{name:8}{'CSV':9}{csv_differs(site, kept, days):44.3f} Wh from the bars, at every step", flush=True
    )


def _longest(flags: NDArray[np.bool_]) -> int:
    from gridshare_portal.energy import counters

    return max((last - first for first, last in counters.runs(flags)), default=0)


class Truth:
    """The sandbox's own energies (Wh) of a home, between any two quarters of an hour."""

    def __init__(self, sandbox: wsgi.Sandbox, site: sites.Site, whole: periods.Period) -> None:
        self.start = whole.start
        count = (whole.end - whole.start) // QUARTER
        rows = [
            sandbox.world.truth(site.synth_id, whole.start, whole.start + number * QUARTER)
            for number in range(count + 1)
        ]
        self._grown = {name: np.array([row[name] for row in rows]) for name in TRUTHS}

    def of(self, name: str, piece: periods.Period) -> float:
        first, last = ((one - self.start) // QUARTER for one in (piece.start, piece.end))
        return float(self._grown[name][last] - self._grown[name][first])


def compared(kept: Any, truth: Truth, pieces: Sequence[periods.Period], faults: Faults, *, fine: bool) -> Off:
    """Hold the portal's energies of some periods against the truth."""
    from gridshare_portal.telemetry import queries

    off = Off(count=len(pieces))
    roles = {sensor.role for sensor in kept.sensors}
    names = [name for name in TRUTHS if name not in APART or name in roles]
    told = _quarters(kept, pieces) if fine else {}
    bars = [] if fine else queries.bars(kept, pieces)
    for number, piece in enumerate(pieces):
        whole = fine or not (bars[number].missing_s or bars[number].uncounted_s)
        off.partial += not whole
        for name in names:
            value = told[f"{name}_wh"][number] if fine else getattr(bars[number], f"{name}_wh")
            is_whole = whole and (fine or name not in APART)
            _hold(off, value, truth.of(name, piece), piece, name, whole=is_whole, faults=faults)
    return off


def _hold(
    off: Off,
    value: float | None,
    true: float,
    piece: periods.Period,
    name: str,
    *,
    whole: bool,
    faults: Faults,
) -> None:
    if value is None:
        off.short_wh += true
        return
    differs = value - true
    if not whole:
        off.short_wh += max(0.0, -differs)
        off.beyond_wh = max(off.beyond_wh, 0.0 if faults.is_noisy(piece.start, piece.end) else differs)
    elif faults.is_noisy(piece.start, piece.end):
        off.noisy_wh = max(off.noisy_wh, abs(differs))
    elif abs(differs) > off.whole_wh:
        off.whole_wh, off.where = abs(differs), f" {piece.start:%Y-%m-%d %H:%M} {name}"


def _quarters(kept: Any, pieces: Sequence[periods.Period]) -> dict[str, list[float | None]]:
    from gridshare_portal.energy import periods
    from gridshare_portal.telemetry import queries

    found = queries.buckets(kept, periods.Period(pieces[0].start, pieces[-1].end))
    return {name: values for name, values in found.items() if isinstance(values, list)}


def periods_of(whole: periods.Period) -> list[periods.Period]:
    """Return the quarters of an hour of a period."""
    from gridshare_portal.energy import periods

    count = (whole.end - whole.start) // QUARTER
    edges = [whole.start + number * QUARTER for number in range(count + 1)]
    return [periods.Period(first, last) for first, last in zip(edges, edges[1:], strict=False)]


def csv_differs(site: sites.Site, kept: Any, days: Sequence[periods.Period]) -> float:
    """Return by how much (Wh) the files of each step differ at most from what pages say, but for rounding."""
    from gridshare_portal.homeowner.history import charts, range
    from gridshare_portal.telemetry import queries

    last = days[-1].start.astimezone(site.zone).date()
    first, worst = last - timedelta(days=30), 0.0
    pieces = days[-31:]
    bars = queries.bars(kept, pieces)
    now = read_at(site)
    for by in ("quarter", "hour", "day"):
        choice = range.HistoryRange("range", first, last, by)
        heads, *rows = charts.export(site, choice, now=now)
        for name, key in (("Solar (kWh)", "solar_wh"), ("From grid (kWh)", "from_grid_wh")):
            if name not in heads:
                continue
            for bar, piece in zip(bars, pieces, strict=True):
                if bar.missing_s or bar.uncounted_s or (by == "quarter" and bar.reckoned_s):
                    continue
                day = piece.start.astimezone(site.zone).date().isoformat()
                cells = [row[list(heads).index(name)] for row in rows if str(row[1])[:10] == day]
                total = sum(float(cell) * 1000 for cell in cells if cell != "")
                rounded = 0.5 * len(cells)
                worst = max(worst, abs(total - (getattr(bar, key) or 0.0)) - rounded)
    return max(worst, 0.0)


def read_at(site: sites.Site) -> datetime:
    """Return when a home was last read."""
    from gridshare_portal.telemetry.models import Collection

    found = Collection.objects.get(site=site).last_ok_at
    if found is None:
        raise SystemExit(f"{site} was never read.")
    return found


def spelled(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    main()
