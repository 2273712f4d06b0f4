"""Keep the sums of a home's local days, and make those that are not there, or not of what is stored now.

A day's sums depend on what its sensors are, on the home's clock, and on the readings of its UTC days and of
one to either side, of which each has a stamp. Kept sums are of it if they were made of the same; nobody has
to forget any.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from django.db import DatabaseError, transaction
from django.db.models import BigIntegerField, DateField

from gridshare_portal import built
from gridshare_portal.energy import periods, series
from gridshare_portal.telemetry import balance, meters, missing, stored
from gridshare_portal.telemetry.models import SiteDay
from gridshare_portal.telemetry.sums import amounts, stamps

METHOD = 1  # to be raised whenever the same readings make other sums
OWN = 16  # bytes that say what the home's sensors and clock are
STAMP = 8  # bytes
TOGETHER = 100

logger = logging.getLogger(__name__)
_DAYS = built.Query(
    lambda: (
        SiteDay.objects.filter(
            site=built.Given("home", BigIntegerField()),
            day__gte=built.Given("first", DateField()),
            day__lte=built.Given("last", DateField()),
        )
        .order_by()
        .values_list("day", "days", "stamp", "made_of", "sums")
    )
)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Local days one after the other, their edges on one grid, and the UTC days their sums depend on.

    Of those `near` are all; of a day those from one to before another, as numbers of them, are in `spans`.
    """

    days: tuple[periods.Period, ...]
    dates: tuple[date, ...]
    grid: series.Grid
    between: series.Whole
    near: tuple[date, ...]
    spans: tuple[tuple[int, int], ...]


@lru_cache(maxsize=512)
def calendar(period: periods.Period, zone: ZoneInfo) -> Calendar | None:
    """Return the local days that a period consists of; None where it begins or ends within one."""
    days = tuple(periods.days_of(period, zone))
    dates = tuple(day.start.astimezone(zone).date() for day in days)
    if not days or periods.whole_days(dates[0], dates[-1], zone) != period:
        return None
    grid = series.grid_over(period, missing.STEP_S)
    between = series.edges(grid, days)
    if (between[:, 0] >= between[:, 1]).any():
        return None
    nearby = [_nearby(day) for day in days]
    first = nearby[0][0]
    spans = tuple(((since - first).days, (until - first).days + 1) for since, until in nearby)
    near = tuple(first + number * missing.DAY for number in range(spans[-1][1]))
    return Calendar(days=days, dates=dates, grid=grid, between=between, near=near, spans=spans)


def of_pieces(
    home: stored.Kept, period: periods.Period, pieces: Sequence[periods.Period]
) -> tuple[amounts.Stretches, list[amounts.Stretches]] | None:
    """Return the days of a period, and what each of several pieces of it adds up from.

    None where not all of them begin and end with local days.
    """
    local = calendar(period, home.site.zone)
    if local is None:
        return None
    starts = {day.start: number for number, day in enumerate(local.days)}
    ends = {day.end: number + 1 for number, day in enumerate(local.days)}
    ranges = [(starts.get(one.start), ends.get(one.end)) for one in pieces]
    whole = [(first, last) for first, last in ranges if first is not None and last is not None]
    if len(whole) < len(ranges) or any(first >= last for first, last in whole):
        return None
    shelf = _Shelf.of(home, period, local)
    days = shelf.sums([(number, number + 1) for number in range(len(local.days))])
    roles = [sensor.role for sensor in home.sensors]
    groups = [_groups(days.edges, roles, first, last) for first, last in whole]
    longer = sorted({one for some in groups for one in some if one[1] - one[0] > 1})
    made = dict(zip(longer, shelf.sums(longer).rows, strict=True)) if longer else {}
    parts = [
        amounts.Stretches(
            rows=np.array([made.get((a, b), days.rows[a]) for a, b in some]),
            between=np.array([(local.between[a, 0], local.between[b - 1, 1]) for a, b in some]),
        )
        for some in groups
    ]
    return amounts.Stretches(rows=days.rows, between=local.between), parts


def _groups(edges: amounts.Edges, roles: Sequence[str], first: int, last: int) -> list[tuple[int, int]]:
    """Return the stretches of days, from one to before another, of which each has to be made as one."""
    if last - first == 1:
        return [(first, last)]
    cuts = np.flatnonzero(~amounts.joined(edges.of(slice(first, last)), roles)) + first + 1
    return list(itertools.pairwise([first, *cuts.tolist(), last]))


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """What is kept of a home's days, by date and how many days; and whether what is kept can be believed."""

    home: stored.Kept
    local: Calendar
    believed: bool
    kept: Mapping[tuple[date, int], tuple[bytes | None, bytes | None]]
    own: bytes  # what the home's sensors and its clock are
    stamps: bytes  # of all UTC days, the first of them near the first day

    @classmethod
    def of(cls, home: stored.Kept, period: periods.Period, local: Calendar) -> _Shelf:
        """Read what is kept; stamps are read before the days they are of."""
        believed = stamps.trusted(home.collection)
        first, last = local.near[0], local.near[-1]
        rows = _DAYS.tuples(home=home.site.pk, first=first, last=last) if believed else []
        sensors = [(one.pk, one.role, meters.limit_of(one), home.ends.get(one.pk)) for one in home.sensors]
        said = repr((METHOD, home.site.time_zone, sensors)).encode()
        known = {day: stamp for day, days, stamp, _, _ in rows if days == 1}
        return cls(
            home=home.over(period) if "rows" in vars(home) else home,
            local=local,
            believed=believed,
            kept={(day, days): (made_of, of_them) for day, days, _, made_of, of_them in rows},
            own=hashlib.blake2b(said, digest_size=OWN).digest(),
            stamps=b"".join([known.get(day, 0).to_bytes(STAMP) for day in local.near]),
        )

    def sums(self, stretches: Sequence[tuple[int, int]]) -> amounts.Sums:
        """Return the sums of stretches of days, numbered from one to before another.

        Those that are not kept are made now, and kept.
        """
        found = {one: self._found(*one) for one in stretches}
        fresh = dict(self._made([one for one, some in found.items() if some is None]))
        if self.believed and fresh:
            self._keep(fresh)
        return amounts.unpacked(
            [fresh.get(one) or some or b"" for one, some in found.items()], len(self.home.sensors)
        )

    def _token(self, begin: int, end: int) -> bytes:
        """Return what the sums of a stretch are made of: sensors and clock, and the stamps of days nearby."""
        spans = self.local.spans
        return self.own + self.stamps[spans[begin][0] * STAMP : spans[end - 1][1] * STAMP]

    def _found(self, begin: int, end: int) -> bytes | None:
        token = self._token(begin, end)
        made_of, kept = self.kept.get((self.local.dates[begin], end - begin), (None, None))
        if made_of is not None and kept is not None and bytes(made_of) == token:
            return bytes(kept)
        if self.believed and end - begin == 1 and not any(token[OWN:]):
            return self._nothing(begin)
        return None

    def _nothing(self, number: int) -> bytes | None:
        """Return the sums of a day near which no reading is stored; None where they have to be made."""
        day, (first, last) = self.local.days[number], self.local.between[number].tolist()
        sensors = self.home.sensors
        ends = [self.home.ends.get(sensor.pk, day.end) for sensor in sensors]
        away = [end <= day.start for end in ends]
        balanced = [away[at] for at, sensor in enumerate(sensors) if sensor.role in balance.BALANCED]
        if any(day.start < end < day.end for end in ends) or (balanced and all(balanced)):
            return None
        return amounts.nothing(last - first, tuple(away))

    def _made(self, wanted: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], bytes]]:
        """Make the sums of stretches, of single days that follow each other together, in one query."""
        local, home = self.local, self.home
        spans = [(local.spans[begin][0], local.spans[end - 1][1]) for begin, end in wanted]
        dates = {local.near[number] for first, last in spans for number in range(first, last)}
        if dates and (min(dates), max(dates)) != (home.first, home.last):
            home = home.on(dates)
        for together in _runs(wanted):
            period = periods.Period(local.days[together[0][0]].start, local.days[together[-1][1] - 1].end)
            metered = balance.energy(home, period)
            ends = [periods.Period(local.days[a].start, local.days[b - 1].end) for a, b in together]
            made = amounts.made(metered, series.edges(metered.grid, ends))
            yield from ((one, amounts.packed(made, number)) for number, one in enumerate(together))

    def _keep(self, made: Mapping[tuple[int, int], bytes]) -> None:
        """Keep what was made; a database that takes nothing now only makes the next page slower."""
        rows = [
            SiteDay(
                site=self.home.site,
                day=self.local.dates[begin],
                days=end - begin,
                stamp=0,
                made_of=self._token(begin, end),
                sums=one,
            )
            for (begin, end), one in made.items()
        ]
        unique, written = ["site", "day", "days"], ["made_of", "sums"]
        try:
            with transaction.atomic():
                SiteDay.objects.bulk_create(
                    rows,
                    update_conflicts=True,
                    unique_fields=unique,
                    update_fields=written,
                    batch_size=TOGETHER,
                )
        except DatabaseError:
            logger.warning("sums of %d stretches could not be kept", len(rows), exc_info=True)


def _runs(stretches: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Put single days that follow each other together; longer stretches stay alone."""
    found: list[list[tuple[int, int]]] = []
    for begin, end in stretches:
        if found and end - begin == 1 and found[-1][-1] == (begin - 1, begin):
            found[-1].append((begin, end))
        else:
            found.append([(begin, end)])
    return found


def _nearby(day: periods.Period) -> tuple[date, date]:
    grid = series.grid_over(day, missing.STEP_S)
    return missing.day_of(grid.start) - missing.DAY, missing.day_of(grid.end - missing.STEP) + missing.DAY
