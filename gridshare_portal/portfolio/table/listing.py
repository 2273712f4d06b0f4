"""Pages of the homes table, by keyset: each begins beside a row of the page before or after.

Rows come from the projection in the order of an index, so a page costs the same wherever it lies.
access.policy decides at this moment which are shown; a home no longer shared leaves a gap until the next
pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from gridshare_portal.access import policy
from gridshare_portal.access.finding import lookups
from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import GroupSite, SiteRow
from gridshare_portal.portfolio.table import facets, filters
from gridshare_portal.portfolio.table import query as list_query
from gridshare_portal.portfolio.table.query import ListQuery, PagePosition
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import structure

ON_A_PAGE = 50
COUNTED = 1000
TOGETHER = 1000
NAMED = 300  # more are found soon by reading names in order
RARE = 2000  # up to so many are sorted by themselves; more lie close together in an index


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows with their homes, the queries of the pages around ("" for none), and a count up to COUNTED."""

    lines: Sequence[SiteRow]
    following: str
    preceding: str
    count: str


def listed(organization: accounts.Organization, query: ListQuery, *, now: datetime) -> QuerySet[SiteRow]:
    """Return the rows that the filters select, unordered, whether or not they may be shown."""
    return _grouped(organization, query).filter(*filters.conditions(query, now=now))


def matching(
    user: accounts.User, organization: accounts.Organization, query: ListQuery, *, now: datetime
) -> QuerySet[sites.Site]:
    """Return the homes that the filters select and that this person may see now."""
    lines = listed(organization, query, now=now)
    return policy.shared_sites(user, now=now, organization=organization).filter(pk__in=lines.values("site"))


def page(
    user: accounts.User,
    organization: accounts.Organization,
    query: ListQuery,
    *,
    now: datetime,
    size: int = ON_A_PAGE,
) -> Page:
    """Return one page of the table, in three queries, and three more where homes on it have no readings.

    Up to RARE matching homes are found by what makes them rare and then sorted; to search for them in the
    order of all homes would read nearly all of them.
    """
    rare = _rare(organization, query, now)
    found = _in_order(organization, query, now)
    if len(rare) <= RARE:
        found = SiteRow.objects.filter(organization=organization, site__in=rare)
    backward = query.place is not None and query.place.is_before
    descending = query.is_downward != backward
    lines = list(_beyond(found, query, descending).order_by(*_order(query.key, descending))[: size + 1])
    more, lines = len(lines) > size, lines[:size]
    if backward:
        lines.reverse()
    is_last = query.place is not None and query.place.site is None
    has_after, has_before = (not is_last, more) if backward else (more, query.place)
    return Page(
        lines=_explained(_shown(user, organization, lines, now)),
        following=list_query.placed(query, "after", lines[-1]) if lines and has_after else "",
        preceding=list_query.placed(query, "before", lines[0]) if lines and has_before else "",
        count=_up_to(len(rare)),
    )


def everything(
    user: accounts.User, organization: accounts.Organization, query: ListQuery, *, now: datetime
) -> Iterator[SiteRow]:
    """Yield all rows in order, by parts, so that neither memory nor a single query grows with the table."""
    found, place = listed(organization, query, now=now), None
    while True:
        part = replace(query, place=place)
        beyond = _beyond(found, part, query.is_downward).order_by(*_order(query.key, query.is_downward))
        lines = list(beyond[:TOGETHER])
        yield from _shown(user, organization, lines, now)
        if len(lines) < TOGETHER:
            return
        place = PagePosition(is_before=False, key=getattr(lines[-1], query.key), site=lines[-1].site_id)


def count(organization: accounts.Organization, query: ListQuery, *, now: datetime) -> str:
    """Return how many homes the filters select, as text, up to COUNTED."""
    return _up_to(len(_rare(organization, query, now)))


def _rare(organization: accounts.Organization, query: ListQuery, now: datetime) -> list[int]:
    """Return the keys of up to RARE + 1 homes that the filters select, unordered.

    Yes/no filters become one number, so that a single index answers them. Groups and names, which are
    searched by their words, are read where they are few.
    """
    numbers = facets.numbers(query.answers)
    named = lookups.homes_named(organization, query.q, at_most=NAMED) if query.q else None
    rest = query if named is None else replace(query, q="")
    if numbers is not None:
        rest = replace(rest, state="", right="", ask="", has=(), lacks="", charged="")
    found = listed(organization, rest, now=now).order_by()
    found = found if numbers is None else found.filter(facets__in=numbers)
    if query.group is not None:
        members = list(_members(organization, query).values_list("site_id", flat=True)[: RARE + 1])
        found = found.filter(site__in=members) if len(members) <= RARE else found
    if named is None:
        return list(found.values_list("site_id", flat=True)[: RARE + 1])
    names = found.filter(site__in=named).values_list("site_id", "name_key")
    return [site for site, name in names if query.q in name]


def _in_order(organization: accounts.Organization, query: ListQuery, now: datetime) -> QuerySet[SiteRow]:
    """Return the rows of a filter that selects many, so that they are read in order and never sorted.

    Columns with an index of another order go by an alias; otherwise a database may start from that index.
    """
    others = {"reading": "last_reading_key", "charge": "charge_key"}
    names = {name: key if key == query.key else name for name, key in others.items()}
    copies = {"reading": F("last_reading_key") + 0, "charge": F("charge_key") + 0.0}
    lines = _grouped(organization, query).alias(**copies)
    return lines.filter(*filters.conditions(query, now=now, **names), *filters.implied(query))


def _grouped(organization: accounts.Organization, query: ListQuery) -> QuerySet[SiteRow]:
    found = SiteRow.objects.filter(organization=organization)
    if query.group is None:
        return found
    return found.filter(Exists(_members(organization, query).filter(site=OuterRef("site"))))


def _members(organization: accounts.Organization, query: ListQuery) -> QuerySet[GroupSite]:
    return GroupSite.objects.filter(group=query.group, group__organization=organization)


def _up_to(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"


def _order(key: str, descending: bool) -> tuple[str, str]:
    sign = "-" if descending else ""
    return f"{sign}{key}", f"{sign}site_id"


def _beyond(found: QuerySet[SiteRow], query: ListQuery, descending: bool) -> QuerySet[SiteRow]:
    place = query.place
    if place is None or place.site is None:
        return found
    than = "lt" if descending else "gt"
    further = {f"{query.key}__{than}": place.key}
    same = {query.key: place.key, f"site__{than}": place.site}
    return found.filter(Q(**further) | Q(**same), **{f"{query.key}__{than}e": place.key})


def _explained(lines: list[SiteRow]) -> list[SiteRow]:
    """Say of the homes without readings why they have none, as far as it is known."""
    silent = [line.site_id for line in lines if line.last_reading_at is None]
    gaps = structure.gaps_of(silent) if silent else {}
    for line in lines:
        line.why_no_readings = gaps[line.site_id].text if line.site_id in gaps else ""
    return lines


def _shown(
    user: accounts.User, organization: accounts.Organization, lines: Sequence[SiteRow], now: datetime
) -> list[SiteRow]:
    """Return the rows whose homes this person may see now, each with the home under its present name."""
    shared = policy.shared_sites(user, now=now, organization=organization)
    found = shared.filter(pk__in=[line.site_id for line in lines]).defer("topology").in_bulk()
    kept = [line for line in lines if line.site_id in found]
    for line in kept:
        line.site = found[line.site_id]
    return kept
