"""Which homes a run is for: those that a filter finds, those of a group, or those that a file names.

A filter that is not understood chooses nothing: in a list it would show too much, in a run it would change
too much.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import QueryDict

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import Group, SiteRow
from gridshare_portal.portfolio.table import listing
from gridshare_portal.portfolio.table import query as asking
from gridshare_portal.runs.targets import enumeration, site_files
from gridshare_portal.sites import models as sites

PKS_AT_ONCE = 5_000
NOT_FILTERS = {"sort", "show", "after", "before", "like"}
NO_HOME = "No home fits, so there is nothing to run on."
UNASKED = "Choose a filter in the homes table first, or say that you mean every home."


def misread(said: QueryDict, asked: asking.ListQuery) -> list[str]:
    """Return what an address asks for that was not understood, as it was written."""
    understood = set(asked.pairs)
    typed = {"q": bool(asked.q), "charge_from": asked.charge_from is not None}
    typed |= {"charge_to": asked.charge_to is not None}
    wrong = []
    for name, values in said.lists():
        if name in NOT_FILTERS:
            continue
        for value in filter(None, values):
            known = typed[name] and len(values) == 1 if name in typed else (name, value) in understood
            if not known:
                wrong.append(f"{name}={value}"[:60])
    return wrong


def worded(asked: asking.ListQuery, *, groups: Sequence[tuple[str, str]]) -> list[str]:
    """Say a filter in the words of the homes table."""
    names = {
        "q": "Name has “{}”",
        "age": "Readings: {}",
        "has": "Has {}",
        "lacks": "Has no {}",
        "charge_from": "Charge from {} %",
        "charge_to": "Charge up to {} %",
    }
    titles = {
        "state": asking.STATES,
        "right": asking.RIGHTS,
        "ask": asking.ASKING,
        "charged": asking.CHARGED,
        "has": asking.PARTS,
        "lacks": asking.PARTS,
        "group": dict(groups),
    }
    said = [(name, value) for name, value in asked.pairs if name not in NOT_FILTERS]
    return [names.get(name, "{}").format(titles.get(name, {}).get(value, value)) for name, value in said]


def why_not(
    user: accounts.User, organization: accounts.Organization, asked: asking.ListQuery, *, now: datetime
) -> str:
    """Return why a filter chooses no homes for a run, or too many; "" where the worker may look for them."""
    listed = listing.listed(organization, asked, now=now)[: enumeration.HOMES_AT_MOST + 1]
    if listed.count() > enumeration.HOMES_AT_MOST:
        return enumeration.TOO_MANY
    return "" if listing.matching(user, organization, asked, now=now).exists() else NO_HOME


def groups_of(organization: accounts.Organization) -> list[tuple[str, str]]:
    """Return the groups to choose from."""
    return [(str(group.pk), group.name) for group in Group.objects.filter(organization=organization)]


def zones_of(organization: accounts.Organization) -> list[str]:
    """Return the time zones that the organization's homes are in."""
    known = SiteRow.objects.filter(organization=organization).order_by("time_zone")
    return list(known.values_list("time_zone", flat=True).distinct())


def look_up(user: accounts.User, organization: accounts.Organization, *, now: datetime) -> site_files.LookUp:
    """Return what finds shared homes by ids, device ids and serial numbers, in three queries.

    What has the id is found first, by the index, and then asked whether it is shared: the other way round a
    database lists every shared home for each question. What is not shared is no hit, as if it were not there.
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
    """Return which of these homes are shared."""
    asked, visible = list(pks), set[int]()
    for first in range(0, len(asked), PKS_AT_ONCE):
        part = shared.filter(pk__in=asked[first : first + PKS_AT_ONCE])
        visible.update(part.values_list("pk", flat=True))
    return visible
