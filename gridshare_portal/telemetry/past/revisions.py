"""Note what a service changed of a home's past: which local day of which sensor, when, and from what to what.

A value was corrected that was final when it was read and is another one now. A reading was handed in later
whose bucket was long over when the home was read, and of which nothing was told then. What was provisional,
and what nobody had asked for, is neither. A sensor's local day has one row at most: with what was known
before the first change, and after the last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gridshare_portal.energy import periods, series
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import meters, missing, packing
from gridshare_portal.telemetry.models import Day, Latest, Revision

SHOWN = {"in_w": 50.0, "out_w": 50.0, "charge_pct": 1.0}  # a page shows no smaller change
SHOWN_WH = 50.0
AFTER = ("noticed_at", "revised", "filled", "in_after_wh", "out_after_wh")

Key = tuple[int, date]
Rows = Mapping[Key, Day]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Home:
    """The clock of the home whose days change, when it was last read, and its sensors by their keys.

    What is stored of a sensor since it was restated is the portal's doing until it is read once more.
    """

    zone: ZoneInfo
    read_at: datetime | None
    sensors: Mapping[int, sites.Sensor]
    restated_at: Mapping[int, datetime] = field(default_factory=dict)

    def restated(self, row: Day) -> bool:
        """Return whether a stored day was restated after it was read."""
        at = self.restated_at.get(row.sensor_id)
        return at is not None and row.ask_again_at is not None and row.ask_again_at <= at


@dataclass
class _Changed:
    """How many buckets of a local day were corrected and handed in, and whether their values show it."""

    revised: int = 0
    filled: int = 0
    is_seen: bool = False


def noticed(
    before: Rows, after: Rows, changed: Iterable[Key], *, home: Home, now: datetime
) -> list[Revision]:
    """Return the rows to be written for UTC days that answers changed; none for most answers."""
    if home.read_at is None:
        return []
    final_at = home.read_at - missing.PROVISIONAL
    read = [key for key in changed if key in before and not home.restated(before[key])]
    keys = [key for key in read if missing.midnight(key[1]) < final_at]
    masks = {key: found for key in keys if (found := _differing(before[key], after[key], final_at))}
    if not masks:
        return []
    heard = dict(
        Latest.objects.filter(sensor__in={key[0] for key in masks}).values_list("sensor_id", "read_at")
    )
    by_sensor: defaultdict[int, defaultdict[date, _Changed]] = defaultdict(lambda: defaultdict(_Changed))
    for (sensor, day), (revised, filled, seen) in masks.items():
        if sensor in heard:  # else this is its very first answer
            _cut(revised, day, heard[sensor] - missing.PROVISIONAL)
            _count(by_sensor[sensor], day, revised, filled, seen & (revised | filled), home.zone)
    rows = [
        row
        for sensor, days in by_sensor.items()
        for row in _rows(home.sensors[sensor], days, before, after, home=home, now=now)
    ]
    return _joined(rows)


def store(rows: Sequence[Revision]) -> None:
    """Write rows, new or not."""
    Revision.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["sensor", "day"], update_fields=AFTER, batch_size=100
    )


def _differing(before: Day, after: Day, final_at: datetime) -> tuple[Flags, Flags, Flags] | None:
    """Return which buckets were corrected, which were handed in, and where that is seen; None if nowhere."""
    old, new = packing.unpack(before.packed), packing.unpack(after.packed)
    unknown = np.full(missing.BUCKETS, np.nan)
    was_known, is_known = (packing.flags(one.known, missing.BUCKETS) for one in (before, after))
    filled = is_known & ~was_known
    seen, revised = filled, np.zeros(missing.BUCKETS, dtype=bool)
    for name in (*SHOWN, "in_wh", "out_wh"):
        was, became = old.get(name, unknown), new.get(name, unknown)
        revised |= ~np.isnan(was) & (was != became)
        with np.errstate(invalid="ignore"):
            seen = seen | (np.abs(became - was) >= SHOWN.get(name, np.inf))
    for mask in (revised, filled):
        _cut(mask, before.day, final_at)
    return (revised, filled, seen) if (revised | filled).any() else None


def _cut(mask: Flags, day: date, until: datetime) -> None:
    """Take out the buckets of a UTC day that ended after a moment."""
    mask[max(0, (until - missing.midnight(day)) // missing.STEP) :] = False


def _count(
    days: defaultdict[date, _Changed], day: date, revised: Flags, filled: Flags, seen: Flags, zone: ZoneInfo
) -> None:
    for number in np.flatnonzero(revised | filled).tolist():
        begins = missing.midnight(day) + number * missing.STEP
        found = days[begins.astimezone(zone).date()]
        found.revised += int(revised[number])
        found.filled += int(filled[number])
        found.is_seen |= bool(seen[number])


def _rows(
    sensor: sites.Sensor,
    days: Mapping[date, _Changed],
    before: Rows,
    after: Rows,
    *,
    home: Home,
    now: datetime,
) -> list[Revision]:
    """Return a row for each local day of which a page shows something else than before."""
    if not days:
        return []
    was, became = (_energies(sensor, sorted(days), rows, home.zone) for rows in (before, after))
    return [
        Revision(
            sensor=sensor,
            day=day,
            noticed_at=now,
            revised=days[day].revised,
            filled=days[day].filled,
            in_before_wh=old[0],
            out_before_wh=old[1],
            in_after_wh=new[0],
            out_after_wh=new[1],
        )
        for day, old, new in zip(sorted(days), was, became, strict=True)
        if days[day].is_seen or any(differ(*pair) for pair in zip(old, new, strict=True))
    ]


def differ(before_wh: float | None, after_wh: float | None) -> bool:
    """Return whether a page shows two energies as different ones."""
    if before_wh is None or after_wh is None:
        return before_wh is not after_wh
    return abs(after_wh - before_wh) >= SHOWN_WH


def _energies(
    sensor: sites.Sensor, days: Collection[date], rows: Rows, zone: ZoneInfo
) -> list[tuple[float | None, float | None]]:
    """Return what went in and out of a sensor on local days (Wh), as the history says it."""
    pieces = [periods.local_day(day, zone) for day in days]
    first = missing.day_of(pieces[0].start) - missing.DAY
    count = (missing.day_of(pieces[-1].end - missing.STEP) - first).days + 2
    some = [rows.get((sensor.pk, first + number * missing.DAY)) for number in range(count)]
    known = [number for number, row in enumerate(some) if row is not None]
    decoded = packing.unpack_many([row.packed for row in some if row], meters.FIELDS, missing.BUCKETS)
    columns = {name: np.full((count, missing.BUCKETS), np.nan) for name in meters.FIELDS}
    for name, column in columns.items():
        column[known] = decoded[name]
    read = {name: column.ravel() for name, column in columns.items()}
    grid = series.Grid(missing.midnight(first), missing.STEP_S, count * missing.BUCKETS)
    between = series.edges(grid, pieces)
    went = [one.totals(between) for one in meters.read(read, limit_w=meters.limit_of(sensor))]
    into, out_of = ([None if wh != wh else wh for wh in one.tolist()] for one in went)
    return list(zip(into, out_of, strict=True))


def _joined(rows: Sequence[Revision]) -> list[Revision]:
    """Join rows to those that are stored of the same days, which keep what was known at first."""
    if not rows:
        return []
    sensors, days = ({getattr(row, name) for row in rows} for name in ("sensor_id", "day"))
    known = Revision.objects.filter(sensor__in=sensors, day__in=days)
    stored = {(row.sensor_id, row.day): row for row in known}
    for row in rows:
        earlier = stored.get((row.sensor_id, row.day))
        if earlier is not None:
            row.revised, row.filled = row.revised + earlier.revised, row.filled + earlier.filled
    return list(rows)
