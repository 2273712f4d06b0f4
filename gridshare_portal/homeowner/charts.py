"""Ask for the readings of a home and have them made into a picture with its table.

The same call serves the page, the columns it fetches and the home page's chart of today.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.urls import reverse

from gridshare_portal.homeowner import exports, figures, history
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry import queries, stretches

STEP_S = 900
INTO = {"hour": "day", "day": "day", "month": "month"}


@dataclass(frozen=True)
class _Home:
    """What every picture of a home needs to know beside its readings."""

    parts: tuple[str, ...]
    fetched_from: datetime | None
    read_at: datetime | None


def figure(site: sites.Site, choice: history.Choice, *, now: datetime) -> figures.Figure:
    """Return the picture of the days chosen, as finely as chosen."""
    home = _home(site)
    caption = f"{site.name}, {history.title(choice)}, times in {site.zone.key}"
    period = stretches.whole_days(choice.first, choice.last, site.zone)
    if choice.by == "quarter":
        return figures.power(
            queries.series(site, period, step_s=STEP_S),
            parts=home.parts,
            zone=site.zone,
            now=now,
            fetched_from=home.fetched_from,
            caption=caption,
        )
    pieces = stretches.cut(period, choice.by, site.zone)
    return figures.energy(
        queries.bars(site, pieces),
        pieces,
        by=choice.by,
        parts=home.parts,
        zone=site.zone,
        now=now,
        fetched_from=home.fetched_from,
        read_at=home.read_at,
        caption=caption,
        href=lambda moment: _href(site, choice.by, moment.astimezone(site.zone).date()),
    )


def today(site: sites.Site, *, now: datetime) -> dict[str, Any]:
    """Return what includes/_chart.html needs to show today's power."""
    day = now.astimezone(site.zone).date()
    choice = history.Choice("day", day, day, "quarter")
    shown = figure(site, choice, now=now)
    return {
        "kind": shown.kind,
        "title": "Power today",
        "table": shown.table,
        "data_url": data_url(site, choice),
    }


def data_url(site: sites.Site, choice: history.Choice) -> str:
    """Return where a browser fetches the columns of the choice."""
    return f"{reverse('homeowner:telemetry_json', args=[site.synth_id])}?{choice.query()}"


def export(site: sites.Site, choice: history.Choice, *, now: datetime) -> Iterator[Sequence[Any]]:
    """Yield the rows of the choice, heads first, reading no more than a month at a time."""
    parts, zone = _home(site).parts, site.zone
    fine = choice.by == "quarter"
    yield exports.power_heads(parts) if fine else exports.energy_heads(parts)
    period = stretches.whole_days(choice.first, choice.last, zone)
    for part in stretches.cut(period, "month", zone):
        if part.start >= now:
            return
        if fine:
            series = queries.series(site, part, step_s=STEP_S)
            yield from exports.power_rows(series, home=site.name, parts=parts, zone=zone, now=now)
        else:
            pieces = stretches.cut(part, choice.by, zone)
            bars = queries.bars(site, pieces)
            yield from exports.energy_rows(bars, pieces, home=site.name, parts=parts, zone=zone, now=now)


def _home(site: sites.Site) -> _Home:
    roles = {sensor.role for sensor in site_queries.sensors_of(site)}
    collection = telemetry.Collection.objects.filter(site=site).first()
    filled = collection.filled_back_to if collection else None
    return _Home(
        parts=tuple(part for part in figures.MEASURED if part in roles),
        fetched_from=datetime.combine(filled, time(), UTC) if filled else None,
        read_at=collection.last_ok_at if collection else None,
    )


def _href(site: sites.Site, by: str, day: date) -> str:
    view = INTO[by]
    finer = history.Choice(view, *history.whole(view, day), history.USUAL[view])
    return f"{reverse('homeowner:telemetry', args=[site.synth_id])}?{finer.query()}"
