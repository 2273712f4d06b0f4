"""What staff viewed and changed in a home, from the audit log, for its residents.

It begins when the reader first connected: events under an earlier resident are not theirs to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from django.db.models import Min, QuerySet

from gridshare_portal.access import queries as sharing
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.audit import queries as record
from gridshare_portal.files import cells as files_cells
from gridshare_portal.forms import Key, Query
from gridshare_portal.homeowner.activity import words as activity_words
from gridshare_portal.sites import models as sites

GONE = "no longer here"
HEADS = ["Home", "When", "Who", "Organization", "What", "Reason", "In their words"]


class LogQuery(Query):
    """Whose lines an address asks for: everybody's without a name, nobody's with an unreadable one."""

    organization = Key(unreadable=0)
    person = Key(unreadable=0)


class Log:
    """A sliceable list for a paginator; each slice costs one query."""

    ordered = True

    def __init__(
        self, site: sites.Site, *, user: accounts.User, asked: Mapping[str, str], now: datetime
    ) -> None:
        self._site, self._user, self._now = site, user, now
        self._whole = _events(site, user)
        self._people = _people(self._whole)
        organizations = accounts.Organization.objects.in_bulk({by for by, _pk, _who in self._people})
        self._names = {pk: organization.name for pk, organization in organizations.items()}
        known = LogQuery(asked).cleaned_data
        self.organization_id, self.actor_id = known["organization"], known["person"]

    @property
    def is_narrowed(self) -> bool:
        return self.organization_id is not None or self.actor_id is not None

    def organizations(self) -> list[tuple[int, str]]:
        """Return the organizations to filter by, as (key, name)."""
        return _by_title(self._names)

    def people(self) -> list[tuple[int, str]]:
        """Return the people to filter by, as (key, name)."""
        return _by_title({pk: f"{who} ({self._names.get(by, GONE)})" for by, pk, who in self._people if pk})

    def __len__(self) -> int:
        return self._narrowed().count()

    def __getitem__(self, window: slice) -> list[dict[str, object]]:
        lines = (self._line(event) for event in self._narrowed()[window])
        return list(_together(lines, self._site))

    def rows(self) -> Iterator[list[str]]:
        yield HEADS
        for event in self._narrowed().iterator(chunk_size=500):
            one = self._line(event)
            when = one.at.astimezone(self._site.zone).isoformat(timespec="seconds")
            cells = [one.who, one.organization, one.what, one.reason, one.words]
            yield [files_cells.text(self._site.name), when, *map(files_cells.text, cells)]

    def _narrowed(self) -> QuerySet[audit.Event]:
        chosen = {"organization_id": self.organization_id, "actor_id": self.actor_id}
        return self._whole.filter(**{name: pk for name, pk in chosen.items() if pk is not None})

    def _line(self, event: audit.Event) -> activity_words.LogLine:
        name = self._names.get(event.organization_id, "") if event.organization_id else ""
        zone = self._site.zone
        return activity_words.line(event, organization=name, user=self._user, zone=zone, now=self._now)


def _by_title(titles: Mapping[int, str]) -> list[tuple[int, str]]:
    return sorted(titles.items(), key=itemgetter(1))


def _events(site: sites.Site, user: accounts.User) -> QuerySet[audit.Event]:
    mine = sites.ConnectionSite.objects.filter(site=site, connection__user=user)
    since = mine.aggregate(at=Min("connection__created_at"))["at"]
    events = record.concerning_site(site.audit_id, shared=sharing.shared_with(site)).filter(
        organization_id__isnull=False, name__in=[*activity_words.SENTENCES]
    )
    return events.filter(at__gte=since) if since else events.none()


def _people(events: QuerySet[audit.Event]) -> list[tuple[int, int | None, str]]:
    """Return (organization, person, name); of homeowners' own actions only the organization."""
    known = events.order_by().values_list("name", "organization_id", "actor_id", "actor_label").distinct()
    ours = activity_words.BY_HOMEOWNERS
    people = {
        (by, None, "") if name in ours else (by, pk, who) for name, by, pk, who in known if by is not None
    }
    return sorted(people, key=str)


def _together(lines: Iterable[activity_words.LogLine], site: sites.Site) -> Iterator[dict[str, object]]:
    """Yield the lines of one day that belong to one visit, or to one person, together."""

    def same(one: activity_words.LogLine) -> tuple[date, tuple[object, ...]]:
        return one.at.astimezone(site.zone).date(), one.because

    for (day, _because), group in groupby(lines, key=same):
        yield {"day": day, "lines": list(group)}
