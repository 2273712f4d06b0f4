"""The homes table as it is asked for: a page at a time, beside a line of the one before or after.

Lines come from what was counted, in the order of an index, so a page costs the same wherever it lies. Which
of them are shown is asked of access.policy at that very moment; a home that is shared no more leaves its
place empty until the next count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from gridshare_portal.access import policy
from gridshare_portal.access.finding import names as finding_names
from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import GroupSite, SiteRow
from gridshare_portal.portfolio.table import facets, filters
from gridshare_portal.portfolio.table import query as asking
from gridshare_portal.portfolio.table.query import ListQuery, PagePosition
from gridshare_portal.sites import models as sites

ON_A_PAGE = 50
COUNTED = 1000
TOGETHER = 1000
NAMED = 300  # more are soon met by reading names in their order
RARE = 2000  # so many are put in order by themselves; more lie close together in the order of all


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some lines, each with its home, and the queries of the pages around them ("" where there is none).

    `count` says how many homes the filters ask for, up to a thousand.
    """

    lines: Sequence[SiteRow]
    following: str
    preceding: str
    count: str


def listed(organization: accounts.Organization, asked: ListQuery, *, now: datetime) -> QuerySet[SiteRow]:
    """Return the lines that the filters ask for, in no order, whether or not they may be shown."""
    return _grouped(organization, asked).filter(*filters.conditions(asked, now=now))


def matching(
    user: accounts.User, organization: accounts.Organization, asked: ListQuery, *, now: datetime
) -> QuerySet[sites.Site]:
    """Return all homes that the filters ask for and that this person may see now."""
    lines = listed(organization, asked, now=now)
    return policy.shared_sites(user, now=now, organization=organization).filter(pk__in=lines.values("site"))


def page(
    user: accounts.User,
    organization: accounts.Organization,
    asked: ListQuery,
    *,
    now: datetime,
    size: int = ON_A_PAGE,
) -> Page:
    """Return one page of the table, in three queries.

    Homes that are rare are found by what makes them rare, and then put in order. To look for them in the
    order of all homes would be to read nearly all of them.
    """
    few = _few(organization, asked, now)
    found = _in_order(organization, asked, now)
    if len(few) <= RARE:
        found = SiteRow.objects.filter(organization=organization, site__in=few)
    backward = asked.place is not None and asked.place.is_before
    descending = asked.is_downward != backward
    lines = list(_beyond(found, asked, descending).order_by(*_order(asked.key, descending))[: size + 1])
    more, lines = len(lines) > size, lines[:size]
    if backward:
        lines.reverse()
    is_last = asked.place is not None and asked.place.site is None
    after = asking.placed(asked, "after", lines[-1]) if lines and (not is_last if backward else more) else ""
    before = asking.placed(asked, "before", lines[0]) if lines and (more if backward else asked.place) else ""
    shown = _shown(user, organization, lines, now)
    return Page(lines=shown, following=after, preceding=before, count=_up_to(len(few)))


def everything(
    user: accounts.User, organization: accounts.Organization, asked: ListQuery, *, now: datetime
) -> Iterator[SiteRow]:
    """Yield every line, part by part, so that neither memory nor a single query grows with the list."""
    found, place = listed(organization, asked, now=now), None
    while True:
        part = replace(asked, place=place)
        beyond = _beyond(found, part, asked.is_downward).order_by(*_order(asked.key, asked.is_downward))
        lines = list(beyond[:TOGETHER])
        last = (getattr(lines[-1], asked.key), lines[-1].site_id) if lines else (None, None)
        yield from _shown(user, organization, lines, now)
        if len(lines) < TOGETHER:
            return
        place = PagePosition(is_before=False, key=last[0], site=last[1])


def count(organization: accounts.Organization, asked: ListQuery, *, now: datetime) -> str:
    """Say how many homes the filters ask for, up to a thousand."""
    return _up_to(len(_few(organization, asked, now)))


def _few(organization: accounts.Organization, asked: ListQuery, now: datetime) -> list[int]:
    """Return the homes that the filters ask for, in no order: of rare ones all.

    What can be said with yes or no is asked as a number, so that one index has the whole answer. Groups
    and names, which are looked up by their words, are gone through where they are few.
    """
    numbers = facets.numbers(asked.answers)
    named = finding_names.homes(organization, asked.q, at_most=NAMED) if asked.q else None
    rest = asked if named is None else replace(asked, q="")
    if numbers is not None:
        rest = replace(rest, state="", right="", ask="", has=(), lacks="", charged="")
    found = listed(organization, rest, now=now).order_by()
    found = found if numbers is None else found.filter(facets__in=numbers)
    if asked.group is not None:
        members = list(_members(organization, asked).values_list("site_id", flat=True)[: RARE + 1])
        found = found.filter(site__in=members) if len(members) <= RARE else found
    if named is None:
        return list(found.values_list("site_id", flat=True)[: RARE + 1])
    names = found.filter(site__in=named).values_list("site_id", "name_key")
    return [site for site, name in names if asked.q in name]


def _in_order(organization: accounts.Organization, asked: ListQuery, now: datetime) -> QuerySet[SiteRow]:
    """Return the lines of a filter that many fit, such that they are read in their order and never sorted.

    A column with an index of another order goes by another name, or a database would begin with that.
    """
    others = {"told": "last_reading_key", "charge": "charge_key"}
    names = {name: key if key == asked.key else name for name, key in others.items()}
    lines = _grouped(organization, asked).alias(told=F("last_reading_key") + 0, charge=F("charge_key") + 0.0)
    return lines.filter(*filters.conditions(asked, now=now, **names), *filters.implied(asked))


def _grouped(organization: accounts.Organization, asked: ListQuery) -> QuerySet[SiteRow]:
    found = SiteRow.objects.filter(organization=organization)
    if asked.group is None:
        return found
    return found.filter(Exists(_members(organization, asked).filter(site=OuterRef("site"))))


def _members(organization: accounts.Organization, asked: ListQuery) -> QuerySet[GroupSite]:
    return GroupSite.objects.filter(group=asked.group, group__organization=organization)


def _up_to(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"


def _order(key: str, descending: bool) -> tuple[str, str]:
    sign = "-" if descending else ""
    return f"{sign}{key}", f"{sign}site_id"


def _beyond(found: QuerySet[SiteRow], asked: ListQuery, descending: bool) -> QuerySet[SiteRow]:
    """Leave out what comes before the place, and the place, in the order that is read."""
    place = asked.place
    if place is None or place.site is None:
        return found
    than = "lt" if descending else "gt"
    further = {f"{asked.key}__{than}": place.key}
    same = {asked.key: place.key, f"site__{than}": place.site}
    return found.filter(Q(**further) | Q(**same), **{f"{asked.key}__{than}e": place.key})


def _shown(
    user: accounts.User, organization: accounts.Organization, lines: Sequence[SiteRow], now: datetime
) -> list[SiteRow]:
    """Return those lines whose homes this person may see now, each with its home as it is called now."""
    shared = policy.shared_sites(user, now=now, organization=organization)
    found = shared.filter(pk__in=[line.site_id for line in lines]).defer("topology").in_bulk()
    kept = [line for line in lines if line.site_id in found]
    for line in kept:
        line.site = found[line.site_id]
    return kept
