"""The activity feed: a home's changes and its other audit events as one list, newest first.

Events about a change are left out, because the change itself says more.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from gridshare_portal.audit import models as audit
from gridshare_portal.audit import names
from gridshare_portal.audit import queries as record
from gridshare_portal.control import models as control
from gridshare_portal.control import queries as changes
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.activity import words
from gridshare_portal.homeowner.control import receipts
from gridshare_portal.sites import models as sites

FIELDS = {"name": "Name", "time_zone": "Time zone"}
SHOWN_ELSEWHERE = (  # by the changes themselves, and by the list of who looked
    names.Name.CHANGE_ASKED,
    names.Name.CHANGE_SETTLED,
    names.Name.CHANGE_REFUSED,
    names.Name.PROPOSAL_APPROVED,
    names.Name.SITE_VIEWED,
    names.Name.SITE_EXPORTED,
)
OF_THE_HOMEOWNER = (names.Name.SITE_RENAMED, names.Name.ROLE_CORRECTED)
BY_STAFF = (
    names.Name.ACCESS_ASKED,
    names.Name.ANSWER_ASKED,
    names.Name.CASE_CHANGED,
    names.Name.CHANGE_PROPOSED,
    names.Name.PROPOSAL_WITHDRAWN,
    names.Name.SITE_OPENED,
)
PROPOSALS = (names.Name.CHANGE_PROPOSED, names.Name.PROPOSAL_DECLINED, names.Name.PROPOSAL_WITHDRAWN)


Note: TypeAlias = dict[str, str]  # an event that is not a change: who, what, before, after
Entry: TypeAlias = tuple[str, datetime, receipts.Receipt | Note]


class Feed:
    """A sliceable list for a paginator."""

    ordered = True

    def __init__(self, site: sites.Site, *, reader: viewer.Reader, now: datetime) -> None:
        self._site, self._reader, self._now = site, reader, now
        self._changes = changes.changes_in([site])
        self._events = _for(reader, record.events_of_site(site.audit_id))

    def __len__(self) -> int:
        return self._changes.count() + self._events.count()

    def __getitem__(self, window: slice) -> list[Entry]:
        rows: list[tuple[datetime, control.Change | audit.Event]] = [
            *((change.made_at, change) for change in self._changes[: window.stop]),
            *((event.at, event) for event in self._events[: window.stop]),
        ]
        newest = sorted(rows, key=lambda row: row[0], reverse=True)
        return [self._entry(at, row) for at, row in newest[window]]

    def _entry(self, at: datetime, row: control.Change | audit.Event) -> Entry:
        zone, now = self._site.zone, self._now
        if isinstance(row, control.Change):
            return "change", at, receipts.receipt_of(row, reader=self._reader, zone=zone, now=now)
        return "note", at, note(row, reader=self._reader, zone=zone, now=now)


def _for(reader: viewer.Reader, events: QuerySet[audit.Event]) -> QuerySet[audit.Event]:
    """Leave out events shown elsewhere, and for staff those of other organizations."""
    events = events.exclude(name__in=SHOWN_ELSEWHERE)
    if not reader.is_staff:
        return events
    of_the_homeowner = Q(organization_id=None, name__in=OF_THE_HOMEOWNER)
    return events.filter(Q(organization_id=reader.organization_id) | of_the_homeowner)


def note(event: audit.Event, *, reader: viewer.Reader, zone: ZoneInfo, now: datetime) -> Note:
    label = words.AGAIN if event.name == names.Name.ACCESS_ASKED else words.as_named(event)
    before, after = _plain(event.details.get("before")), _plain(event.details.get("after"))
    if event.name in PROPOSALS:
        kind = event.details["kind"]
        worded = receipts.worded(kind, event.details["asked"], zone=zone, now=now)
        before, after = "", f"{receipts.KINDS.get(kind, kind)}: {worded}"
    subject = f" ({event.details['sensor']})" if "sensor" in event.details else ""
    return {"who": _who(event, reader), "what": f"{label}{subject}", "before": before, "after": after}


def _who(event: audit.Event, reader: viewer.Reader) -> str:
    if event.name not in BY_STAFF:
        return reader.names(event.actor_id, event.actor_label)
    named = reader.names(event.actor_id, event.actor_label, by=event.organization_id)
    organization = event.details.get("organization")
    return f"{named} ({organization})" if organization and named == event.actor_label else named


def _plain(said: object) -> str:
    if isinstance(said, dict):
        return ", ".join(f"{FIELDS.get(name, name)}: {value}" for name, value in said.items())
    return str(said) if said else ""
