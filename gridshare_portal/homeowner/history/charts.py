"""Read what a home's chart is made of, and make the chart.

The same call serves the page, the columns it asks for again, and the home page's chart of today.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from django.urls import reverse

from gridshare_portal.energy import periods
from gridshare_portal.homeowner import readings
from gridshare_portal.homeowner.history import exports, figures, gaps, range, tables
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, queries
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry import stored as telemetry_kept

HOUR_S = 3600


@dataclass(frozen=True)
class Shown:
    """What a page shows of the days chosen: the picture with its table, and the sums."""

    figure: figures.Figure
    totals: queries.Totals

    @property
    def read_at(self) -> datetime | None:
        """Return when the home was last read."""
        seconds = self.figure.data["read_at"]
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def read(site: sites.Site, choice: range.HistoryRange) -> telemetry_kept.Kept:
    """Read once what picture and sums of the days chosen are made of."""
    return telemetry_kept.read(site).over(_period(site, choice))


def mark(kept: telemetry_kept.Kept, choice: range.HistoryRange, *, now: datetime) -> str:
    """Return a mark that changes whenever the picture may; it is known before any day is read."""
    return f"{choice.by}-{readings.mark(kept, _period(kept.site, choice), now=now)}"


def shown(kept: telemetry_kept.Kept, choice: range.HistoryRange, *, now: datetime) -> Shown:
    """Return picture and sums of the days chosen; bars and sums come from one pass."""
    period, choice = _period(kept.site, choice), _told(kept, choice)
    if choice.by == "quarter":
        totals = queries.totals(kept, period)  # first: what is kept of days is asked for before they are
        return Shown(figure(kept, choice, now=now), totals)
    pieces = periods.cut(period, choice.by, kept.site.zone)
    *bars, totals = queries.bars(kept, [*pieces, period])
    return Shown(_energy(kept, choice, pieces, bars, now), totals)


def figure(kept: telemetry_kept.Kept, choice: range.HistoryRange, *, now: datetime) -> figures.Figure:
    """Return the picture of the days chosen, as finely as chosen."""
    site, period = kept.site, _period(kept.site, choice)
    choice = _told(kept, choice)
    if choice.by != "quarter":
        pieces = periods.cut(period, choice.by, site.zone)
        return _energy(kept, choice, pieces, queries.bars(kept, pieces), now)
    return figures.power(
        queries.series(kept, period, step_s=missing.STEP_S),
        parts=_parts(kept),
        zone=site.zone,
        now=now,
        past=_past(kept.collection),
        caption=_caption(site, choice),
    )


def begins(kept: telemetry_kept.Kept) -> date | None:
    """Return the home's day with its first reading; None while the walk into the past is not at its end."""
    collection = kept.collection
    if collection is None or collection.filled_back_to is None or collection.filled_back_to > collection.goal:
        return None
    return missing.midnight(collection.goal).astimezone(kept.site.zone).date()


def of_days(kept: telemetry_kept.Kept, choice: range.HistoryRange, *, now: datetime) -> figures.Figure:
    """Read the days chosen, and return their picture."""
    return figure(kept.over(_period(kept.site, choice)), choice, now=now)


def today(kept: telemetry_kept.Kept, *, now: datetime) -> dict[str, object]:
    """Return what includes/_chart.html needs to show today's power."""
    day = now.astimezone(kept.site.zone).date()
    choice = range.HistoryRange("day", day, day, "quarter")
    return {"figure": figure(kept, choice, now=now), "title": "Power today", **addresses(kept.site, choice)}


def addresses(site: sites.Site, choice: range.HistoryRange) -> dict[str, str]:
    """Return where a browser asks for the columns of the choice again, and for its table."""
    data, page = (
        reverse(f"homeowner:{name}", args=[site.synth_id]) for name in ("telemetry_json", "telemetry")
    )
    return {"data_url": f"{data}?{choice.query()}", "table_url": f"{page}?{choice.query(table='1')}"}


def export(site: sites.Site, choice: range.HistoryRange, *, now: datetime) -> Iterator[Sequence[str | float]]:
    """Yield the rows of the choice, heads first, reading no more than a month at a time."""
    kept = telemetry_kept.read(site)
    parts, zone = _parts(kept), site.zone
    fine = choice.by == "quarter"
    yield exports.power_heads(parts) if fine else exports.energy_heads(parts)
    period = _period(site, choice)
    for part in periods.cut(period, "month", zone):
        if part.start >= now:
            return
        kept = kept.over(part)
        if fine:
            series = queries.buckets(kept, part)
            yield from exports.power_rows(series, home=site.name, parts=parts, zone=zone, now=now)
        else:
            pieces = periods.cut(part, _told(kept, choice).by, zone)
            bars = queries.bars(kept, pieces)
            yield from exports.energy_rows(bars, pieces, home=site.name, parts=parts, zone=zone, now=now)


def _energy(
    kept: telemetry_kept.Kept,
    choice: range.HistoryRange,
    pieces: Sequence[periods.Period],
    bars: Sequence[queries.Totals],
    now: datetime,
) -> figures.Figure:
    site = kept.site
    return figures.energy(
        bars,
        pieces,
        by=choice.by,
        parts=_parts(kept),
        zone=site.zone,
        now=now,
        past=_past(kept.collection),
        caption=_caption(site, choice),
    )


def _told(kept: telemetry_kept.Kept, choice: range.HistoryRange) -> range.HistoryRange:
    """Return the choice, by days where it is by hours and the service told longer buckets than that."""
    return replace(choice, by="day") if choice.by == "hour" and kept.told_s > HOUR_S else choice


def _period(site: sites.Site, choice: range.HistoryRange) -> periods.Period:
    return periods.whole_days(choice.first, choice.last, site.zone)


def _parts(kept: telemetry_kept.Kept) -> tuple[str, ...]:
    roles = {sensor.role for sensor in kept.sensors}
    return tuple(part for part in tables.MEASURED if part in roles)


def _past(collection: telemetry.Collection | None) -> figures.Past:
    if collection is None or collection.filled_back_to is None:
        return figures.Past(None, gaps.NOT_FETCHED, collection.last_ok_at if collection else None)
    begins = datetime.combine(collection.filled_back_to, time(), UTC)
    why = gaps.TOO_OLD if collection.filled_back_to <= collection.goal else gaps.NOT_FETCHED
    return figures.Past(begins, why, collection.last_ok_at)


def _caption(site: sites.Site, choice: range.HistoryRange) -> str:
    return f"{site.name}, {range.title(choice)}, times in {site.zone.key}"
