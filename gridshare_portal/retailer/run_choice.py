"""Which homes a run is for: those that a filter finds, those of a group, or those that a file names.

A filter that is not understood chooses nothing: in a list it would show too much, in a run it would change
too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.control import drafts
from gridshare_portal.retailer import asked as asking
from gridshare_portal.retailer import homes, run_files
from gridshare_portal.retailer.models import Group, Home
from gridshare_portal.sites import models as sites

NOT_FILTERS = {"sort", "show", "after", "before", "like"}
NO_HOME = "No home fits, so there is nothing to run on."
UNASKED = "Choose a filter in the homes table first, or say that you mean every home."


def misread(said: Any, asked: asking.Asked) -> list[str]:
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


def worded(asked: asking.Asked, *, groups: Sequence[tuple[str, str]]) -> list[str]:
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


def why_not(user: Any, organization: accounts.Organization, asked: asking.Asked, *, now: datetime) -> str:
    """Return why a filter chooses no homes for a run, or too many; "" where the worker may look for them."""
    listed = homes.listed(organization, asked, now=now)[: drafts.HOMES_AT_MOST + 1]
    if listed.count() > drafts.HOMES_AT_MOST:
        return drafts.TOO_MANY
    return "" if homes.matching(user, organization, asked, now=now).exists() else NO_HOME


def groups_of(organization: accounts.Organization) -> list[tuple[str, str]]:
    """Return the groups to choose from."""
    return [(str(group.pk), group.name) for group in Group.objects.filter(organization=organization)]


def zones_of(organization: accounts.Organization) -> list[str]:
    """Return the time zones that the organization's homes are in."""
    known = Home.objects.filter(organization=organization).order_by("time_zone")
    return list(known.values_list("time_zone", flat=True).distinct())


def look_up(user: Any, organization: accounts.Organization, *, now: datetime) -> run_files.LookUp:
    """Return what finds shared homes by ids, device ids and serial numbers, in at most three queries."""
    shared = policy.shared_sites(user, now=now, organization=organization)
    devices = sites.Device.objects.filter(site__in=shared.values("pk"), gone_at=None)
    places = (
        (shared, "synth_id", "pk"),
        (devices, "synth_id", "site_id"),
        (devices, "serial_number", "site_id"),
    )

    def known(said: Sequence[str]) -> Mapping[str, Sequence[int]]:
        hits: dict[str, list[int]] = defaultdict(list)
        for rows, name, home in places:
            missing = [one for one in said if one not in hits]
            if missing:
                for one, pk in rows.filter(**{f"{name}__in": missing}).values_list(name, home):
                    hits[one].append(pk)
        return hits

    return known
