"""Make of a home's readings what a chart draws, with the table of the same numbers behind it.

Both come from the same columns, so that picture and table cannot disagree. Power travels as
whole watts and energy as whole watt-hours, null for what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from gridshare_portal.energy import periods
from gridshare_portal.homeowner.history import gaps, tables
from gridshare_portal.telemetry import queries

INTO = {"hour": "day", "day": "day", "month": "month"}  # what a bar leads to


@dataclass(frozen=True)
class Figure:
    """A picture's columns, the parts of the home that it speaks of, and how its table is made."""

    kind: str
    parts: tuple[str, ...]
    data: tables.Data
    table: Callable[[], tables.Table]


@dataclass(frozen=True)
class Past:
    """How far back readings were asked for (None: not at all yet), why no further, and when last."""

    begins: datetime | None
    why: str
    read_at: datetime | None

    def before(self, start: int, step_s: int, count: int) -> int:
        """Count the buckets that lie before the oldest ones asked for."""
        if self.begins is None:
            return count
        return int(min(max((self.begins.timestamp() - start) // step_s, 0), count))


def power(
    series: tables.Data,
    *,
    parts: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
    past: Past,
    caption: str,
) -> Figure:
    """Make the picture of power over a day or two, with the battery's charge below."""
    start, step, moment = series["start"], series["step_s"], now.timestamp()
    shown = tables.columns_of(parts)
    values = {one.power: series[one.power] for one in shown}
    count = len(series["home_w"])
    begun = int(min(max(-((start - moment) // step), 0), count))
    heard = {
        part: [values[one.power] for one in shown if one.part == part]
        for part in tables.MEASURED
        if part in parts
    }
    found = gaps.between_readings(heard, begun=begun, unfetched=past.before(start, step, count), why=past.why)
    charge = {"charge_pct": series["charge_pct"]} if "battery" in parts else {}
    running = begun - 1 if begun and start + step * begun > moment else None
    data = {
        "kind": "power",
        "zone": zone.key,
        "start": start,
        "step": step,
        "count": count,
        "until": start + step * begun,
        "running": running,
        "gaps": [gap.as_dict() for gap in found],
        "partial": [],
        "final_steps": series["final_steps"],
        "read_at": series["read_at"],
        "complete": series["complete"],
        **values,
        **charge,
    }
    table = partial(tables.of_power, data, shown, found, zone, caption)
    return Figure("power", tuple(parts), data, table)


def energy(
    bars: Sequence[queries.Totals],
    stretches: Sequence[periods.Period],
    *,
    by: str,
    parts: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
    past: Past,
    caption: str,
) -> Figure:
    """Make the picture of energy per hour, day or month."""
    shown = tables.columns_of(parts)
    begun = [stretch.start < now for stretch in stretches]
    lost = [had and _nothing(bar, shown) for bar, had in zip(bars, begun, strict=True)]
    unfetched = sum(1 for one in stretches if past.begins is None or one.end <= past.begins)
    found = gaps.between_bars(lost, unfetched=unfetched, why=past.why)
    running = next((n for n, one in enumerate(stretches) if one.start <= now < one.end), None)
    data = {
        "kind": "energy",
        "by": by,
        "zone": zone.key,
        "t": [_seconds(one.start) for one in stretches],
        "opens": INTO[by],
        "days": [one.start.astimezone(zone).date().isoformat() for one in stretches],
        "end": _seconds(stretches[-1].end),
        "until": min(_seconds(stretches[-1].end), _seconds(stretches[sum(begun) - 1].end)),
        "running": running,
        "gaps": [gap.as_dict() for gap in found],
        "partial": [n for n, bar in enumerate(bars) if begun[n] and not lost[n] and tables.unknown_s(bar)],
        "read_at": None if past.read_at is None else _seconds(past.read_at),
        "complete": not any(tables.unknown_s(bar) for bar, had in zip(bars, begun, strict=True) if had),
        **{one.energy: [_whole(getattr(bar, one.energy)) for bar in bars] for one in shown},
    }
    table = partial(tables.of_energy, data, bars, stretches, shown, found, zone, caption)
    return Figure("energy", tuple(parts), data, table)


def _nothing(bar: queries.Totals, shown: Sequence[tables.Column]) -> bool:
    return all(getattr(bar, one.energy) is None for one in shown)


def _whole(amount: float | None) -> int | None:
    return None if amount is None or amount != amount else round(amount)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
