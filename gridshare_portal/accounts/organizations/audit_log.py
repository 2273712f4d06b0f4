"""An organization's audit log in sentences for its admins and as rows of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max, QuerySet

from gridshare_portal.accounts import models
from gridshare_portal.audit import models as audit
from gridshare_portal.audit import names, queries
from gridshare_portal.files import cells as files_cells

HEADS = ("Time (UTC)", "Person", "What was done", "Home", "Device", "Details")
WORDS = {"is_listed": "found by name", "words": "in own words"}
LONGEST = 600
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?\+00:00", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One event in words; `home` and `device` are API ids."""

    at: datetime
    who: str
    what: str
    home: str
    device: str
    details: str


def events_of(
    organization: models.Organization,
    *,
    person: str = "",
    kind: str = "",
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[audit.Event]:
    """Return the events, newest first; `first` and `last` are UTC days, both included."""
    events = queries.events_of_organization(organization.pk)
    if person:
        events = events.filter(actor_id=int(person) or None)
    if kind:
        events = events.filter(name=kind)
    if first:
        events = events.filter(at__gte=datetime.combine(first, time(), UTC))
    if last:
        events = events.filter(at__lt=datetime.combine(last + timedelta(days=1), time(), UTC))
    return events


def people_of(organization: models.Organization) -> list[tuple[str, str]]:
    """Return (id, name) of everybody in the audit log, including former members, by name."""
    events = queries.events_of_organization(organization.pk).order_by()
    found = events.values("actor_id").annotate(label=Max("actor_label"))
    people = [(str(one["actor_id"] or 0), one["label"] or "The portal") for one in found]
    return sorted(people, key=lambda person: person[1].casefold())


def line(event: audit.Event) -> LogEntry:
    return LogEntry(
        at=event.at,
        who=event.actor_label or "The portal",
        what=_what(event),
        home=event.site_id,
        device=event.device_id,
        details=MOMENT.sub(r"\1 \2 UTC", _sentence(_shown(event.details)))[:LONGEST],
    )


def cells(event: audit.Event) -> list[str]:
    """Return an event as a row under `HEADS`."""
    entry = line(event)
    at = entry.at.astimezone(UTC).isoformat(timespec="seconds")
    texts = (entry.who, entry.what, entry.home, entry.device, _sentence(event.details)[:LONGEST])
    return [at, *map(files_cells.text, texts)]


def _what(event: audit.Event) -> str:
    if event.name == names.Name.MEMBER_REMOVED and event.actor_id == event.subject_id:
        return "left the organization"
    return names.Name(event.name).label if event.name in names.Name.values else event.name


def _shown(details: Mapping[str, object]) -> dict[str, object]:
    """Leave out empty values, and of a change what its receipt shows."""
    receipt = {"change", "before", "after"} if "change" in details else set()
    return {key: value for key, value in details.items() if value not in (None, "") and key not in receipt}


def _sentence(details: Mapping[str, object]) -> str:
    return "; ".join(f"{_name(key)}: {_plain(value)}" for key, value in sorted(details.items()))


def _name(key: str) -> str:
    return WORDS.get(key, key.replace("_", " "))


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(key)} {_plain(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return "–" if value is None or value == "" else str(value)
