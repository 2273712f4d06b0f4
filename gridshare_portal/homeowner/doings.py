"""Put the changes of a home and the other events of its record into one list, newest first.

A change leaves events of its own; those are left out, because the change itself says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridshare_portal.audit import models as audit
from gridshare_portal.audit import names
from gridshare_portal.audit import queries as record
from gridshare_portal.control import queries as control
from gridshare_portal.homeowner import receipts
from gridshare_portal.sites import models as sites

FIELDS = {"name": "Name", "time_zone": "Time zone"}
TOLD_BY_CHANGES = (names.Name.CHANGE_ASKED, names.Name.CHANGE_SETTLED, names.Name.CHANGE_REFUSED)


@dataclass(frozen=True, kw_only=True)
class Note:
    """An event that is no change of a device."""

    at: datetime
    who: str
    what: str
    before: str
    after: str


class Doings:
    """A list that a page can be cut from without reading the whole."""

    ordered = True

    def __init__(self, site: sites.Site, *, user: Any, now: datetime) -> None:
        self._site, self._user, self._now = site, user, now
        self._changes = control.changes_of(site).select_related("device")
        events = record.events_of_site(site.synth_id)
        self._events = events.exclude(name__in=[name.value for name in TOLD_BY_CHANGES])

    def count(self) -> int:
        """Return how many entries there are."""
        return self._changes.count() + self._events.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, window: slice) -> list[tuple[str, datetime, Any]]:
        changes = [("change", change.made_at, change) for change in self._changes[: window.stop]]
        events = [("note", event.at, event) for event in self._events[: window.stop]]
        newest = sorted([*changes, *events], key=lambda entry: entry[1], reverse=True)
        return [(kind, at, self._worded(kind, row)) for kind, at, row in newest[window]]

    def _worded(self, kind: str, row: Any) -> Any:
        if kind == "change":
            return receipts.of(row, user=self._user, zone=self._site.zone, now=self._now)
        return note(row, user=self._user)


def note(event: audit.Event, *, user: Any) -> Note:
    """Say an event in words."""
    before, after = event.details.get("before"), event.details.get("after")
    subject = f" ({event.details['sensor']})" if "sensor" in event.details else ""
    what = names.Name(event.name).label if event.name in names.Name.values else event.name
    return Note(
        at=event.at,
        who="You" if event.actor_id == user.pk else event.actor_label or "The portal",
        what=f"{what}{subject}",
        before=_plain(before),
        after=_plain(after),
    )


def _plain(said: Any) -> str:
    if isinstance(said, dict):
        return ", ".join(f"{FIELDS.get(name, name)}: {value}" for name, value in said.items())
    return str(said) if said else ""
