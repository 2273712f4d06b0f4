"""Say what Lunar changed later of the days shown: what it corrected, and what it handed in only then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, DateField

from gridshare_portal import built
from gridshare_portal.homeowner.history import range
from gridshare_portal.telemetry import missing, stored
from gridshare_portal.telemetry.models import Revision
from gridshare_portal.telemetry.past import revisions
from gridshare_portal.templatetags import energy as words

MOST_DAYS, MOST_ROWS = 31, 500
NAMES = {  # of each role: what went in and what went out, where it is told
    "solar": ("", "solar"),
    "battery": ("into the battery", "out of the battery"),
    "grid": ("from the grid", "to the grid"),
    "home": ("home", ""),
    "ev": ("car charging", ""),
    "relay": ("switched loads", ""),
}
THINGS = {"home": "home use", "ev": "car charging", "relay": "switched loads"}  # others as their role

Roles = Mapping[int, str]  # of a home's sensors by their keys

_HOME = built.Given("home", BigIntegerField())
_FIRST, _LAST = built.Given("first", DateField()), built.Given("last", DateField())
_CHANGED = built.Query(
    lambda: Revision.objects.filter(sensor__site=_HOME, day__gte=_FIRST, day__lte=_LAST).order_by(
        "-day", "pk"
    )[:MOST_ROWS]
)


@dataclass(frozen=True)
class Changed:
    """What is said of one day, in sentences, and where that day is shown alone."""

    day: date
    query: str
    texts: tuple[str, ...]


def of_days(kept: stored.Kept, choice: range.HistoryRange) -> list[Changed]:
    """Return the days shown that Lunar changed later, the newest first, MOST_DAYS at most."""
    roles = {sensor.pk: sensor.role for sensor in kept.sensors}
    rows = _CHANGED.rows(home=kept.site.pk, first=choice.first, last=choice.last)
    found = []
    for day, some in groupby((row for row in rows if row.sensor_id in roles), key=attrgetter("day")):
        query = range.HistoryRange("day", day, day, "quarter").query()
        found.append(Changed(day, query, tuple(_texts(list(some), roles, kept.site.zone))))
    return found[:MOST_DAYS]


def _texts(rows: Sequence[Revision], roles: Roles, zone: ZoneInfo) -> Iterator[str]:
    corrected = [row for row in rows if row.revised]
    handed_in = [row for row in rows if not row.revised]
    if corrected:
        yield f"Lunar corrected this day on {_noticed(corrected, zone)}: {_said(corrected, roles)}."
    if handed_in:
        yield (
            "Lunar handed in readings of this day later, "
            f"on {_noticed(handed_in, zone)}: {_said(handed_in, roles)}."
        )


def _said(rows: Sequence[Revision], roles: Roles) -> str:
    """Say of each role for how long readings were handed in, and which energies are others now."""
    many, parts = Counter(roles.values()), []
    for role, (into, out_of) in NAMES.items():
        some = [row for row in rows if roles[row.sensor_id] == role]
        if not some:
            continue
        only = "" if len(some) == many[role] else f" ({len(some)} of {many[role]} sensors)"
        energies = [*_energy(some, "in", into, only), *_energy(some, "out", out_of, only)]
        filled = max(0 if row.revised else row.filled for row in some)
        if filled:
            energies = [
                f"{words.duration(filled * missing.STEP_S)} of {THINGS.get(role, role)}{only}",
                *energies,
            ]
        parts += energies or [f"{THINGS.get(role, role)}{only}, with the same energy"]
    return ", ".join(parts)


def _energy(rows: Sequence[Revision], side: str, name: str, only: str) -> Iterator[str]:
    before, after = (_sum(rows, f"{side}_{when}_wh") for when in ("before", "after"))
    if name and revisions.differ(before, after):
        was = "not known" if before is None else words.energy(before)
        yield f"{name}{only} {was} → {words.energy(after)}"


def _sum(rows: Sequence[Revision], name: str) -> float | None:
    known = [value for row in rows if (value := getattr(row, name)) is not None]
    return sum(known) if known else None


def _noticed(rows: Sequence[Revision], zone: ZoneInfo) -> str:
    noticed_at = max(row.noticed_at for row in rows).astimezone(zone)
    return f"{noticed_at.day} {noticed_at:%b %Y}"
