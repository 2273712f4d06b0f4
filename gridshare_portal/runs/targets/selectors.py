"""Which homes a run is for: from a filter, a group, or a file.

A filter that is not understood selects nothing: in a table it would show too much, in a run change too much.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import QueryDict

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import Group, SiteRow
from gridshare_portal.portfolio.table import listing
from gridshare_portal.portfolio.table import query as list_query
from gridshare_portal.runs.targets import enumeration, site_files
from gridshare_portal.sites import models as sites

PKS_AT_ONCE = 5_000
NOT_FILTERS = {"sort", "show", "after", "before", "like"}
NO_HOME = "No home fits, so there is nothing to run on."
UNASKED = "Choose a filter in the homes table first, or say that you mean every home."


def misread(params: QueryDict, query: list_query.ListQuery) -> list[str]:
    """Return the parameters of a query string that were not understood, as written."""
    understood = set(query.pairs)
    charge = {name: getattr(query, name) is not None for name in ("charge_from", "charge_to")}
    typed = {"q": bool(query.q), **charge}

    def is_known(name: str, value: str) -> bool:
        is_one = len(params.getlist(name)) == 1
        return typed[name] and is_one if name in typed else (name, value) in understood

    given = [(name, value) for name, values in params.lists() if name not in NOT_FILTERS for value in values]
    return [f"{name}={value}"[:60] for name, value in given if value and not is_known(name, value)]


def worded(query: list_query.ListQuery, *, groups: Sequence[tuple[str, str]]) -> list[str]:
    """Return a filter in the words of the homes table."""
    names = {
        "q": "Name has “{}”",
        "age": "Readings: {}",
        "has": "Has {}",
        "lacks": "Has no {}",
        "charge_from": "Charge from {} %",
        "charge_to": "Charge up to {} %",
    }
    titles = {
        "state": list_query.STATES,
        "right": list_query.RIGHTS,
        "ask": list_query.ASK_FIRST,
        "charged": list_query.CHARGED,
        "has": list_query.PARTS,
        "lacks": list_query.PARTS,
        "group": dict(groups),
    }
    said = [(name, value) for name, value in query.pairs if name not in NOT_FILTERS]
    return [names.get(name, "{}").format(titles.get(name, {}).get(value, value)) for name, value in said]


def why_not(
    user: accounts.User, organization: accounts.Organization, query: list_query.ListQuery, *, now: datetime
) -> str:
    """Return why a filter selects no homes for a run, or too many; "" where the worker may find them."""
    listed = listing.listed(organization, query, now=now)[: enumeration.HOMES_AT_MOST + 1]
    if listed.count() > enumeration.HOMES_AT_MOST:
        return enumeration.TOO_MANY
    return "" if listing.matching(user, organization, query, now=now).exists() else NO_HOME


def groups_of(organization: accounts.Organization) -> list[tuple[str, str]]:
    """Return an organization's groups as key and name."""
    return [(str(group.pk), group.name) for group in Group.objects.filter(organization=organization)]


def zones_of(organization: accounts.Organization) -> list[str]:
    """Return the time zones of an organization's homes, sorted by name."""
    known = SiteRow.objects.filter(organization=organization).order_by("time_zone")
    return list(known.values_list("time_zone", flat=True).distinct())


def look_up(user: accounts.User, organization: accounts.Organization, *, now: datetime) -> site_files.LookUp:
    """Return a function from ids, device ids and serial numbers to shared homes, in three queries.

    Ids are found by their index first, and the few homes then checked for sharing; in the other order a
    database lists every shared home. What is not shared is not found.
    """
    shared = policy.shared_sites(user, now=now, organization=organization)

    def known(said: Sequence[str]) -> Mapping[str, Sequence[int]]:
        wanted = set(said)
        devices = sites.Device.objects.filter(site__isnull=False, gone_at=None)
        named = devices.filter(Q(synth_id__in=said) | Q(serial_number__in=said))
        homes_named = sites.Site.objects.filter(synth_id__in=said).values_list("synth_id", "pk")
        hits = [(one, 0, home) for one, home in homes_named]
        for synth_id, serial_number, home in named.values_list("synth_id", "serial_number", "site_id"):
            hits += [(synth_id, 1, home), (serial_number, 2, home)]
        visible = among(shared, {home for one, _kind, home in hits if one in wanted})
        found: dict[str, tuple[int, list[int]]] = {}
        for one, kind, home in sorted(hits, key=lambda hit: hit[1]):
            if one in wanted and home in visible and found.setdefault(one, (kind, []))[0] == kind:
                found[one][1].append(home)
        return {one: homes_of for one, (_kind, homes_of) in found.items()}

    return known


def among(shared: QuerySet[sites.Site], pks: Collection[int]) -> set[int]:
    """Return which of these homes are shared, PKS_AT_ONCE keys to a query."""
    left, visible = iter(pks), set[int]()
    while part := list(itertools.islice(left, PKS_AT_ONCE)):
        visible.update(shared.filter(pk__in=part).values_list("pk", flat=True))
    return visible
