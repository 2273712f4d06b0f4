"""Find the rows of listed homes, and leave to the people before what is theirs.

Rows that are left give up the API's ids, so that at any time one row has them, and one only. They keep
everything else, and nobody comes to them by what the API lists.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals
from gridshare_portal.sites.reading import occupancy

Decision = occupancy.Decision
ACTIVE = lunar.Connection.Status.ACTIVE
THEIRS = (Decision.CONTINUE, Decision.JOIN)
BATCH = 500
PREFIX = 90  # letters of an id that the audit log's name for a home begins with


Row = TypeVar("Row", sites.Device, sites.Sensor)


class Undecided(Exception):
    """Nothing can be written before these connections were asked what they list; with none, try again."""

    def __init__(self, connections: Collection[int] = ()) -> None:
        super().__init__(f"{len(connections)} connections to ask")
        self.connections = frozenset(connections)


def own(
    connection: lunar.Connection, site_ids: Collection[str], *, heard: occupancy.Heard, now: datetime
) -> tuple[dict[str, sites.Site], set[str]]:
    """Return the rows of known homes that are this person's now, and the ids that nobody can decide on yet.

    Rows are locked, so that two runs decide one after the other. Homes of people who lived there before are
    left by the way, and their ids are free. Raises Undecided.
    """
    locked = sites.Site.objects.select_for_update(no_key=True).filter(synth_id__in=site_ids)
    known = list(locked.order_by("synth_id"))
    decisions = _decisions(known, connection, heard, now)
    for site in known:
        if decisions[site.pk] is Decision.BEGIN:
            leave(
                site,
                gone=[pk for pk, said in heard.items() if not isinstance(said, occupancy.Silence)],
                now=now,
            )
    waiting = {site.synth_id for site in known if decisions[site.pk] is Decision.WAIT}
    return {site.synth_id: site for site in known if decisions[site.pk] in THEIRS}, waiting


def free_devices(
    connection: lunar.Connection, devices: Collection[sites.Device], *, heard: occupancy.Heard, now: datetime
) -> tuple[set[str], set[str]]:
    """Free the ids of devices that came from homes of people who left; leave them those rows.

    The devices are of homes that the connection does not list. Returns the ids that are free, and those that
    stay where they are because somebody else lives there, or nobody can decide that now; a person's own
    devices are in neither. Raises Undecided.
    """
    decisions = _decisions({one.site for one in devices if one.site}, connection, heard, now)
    by_decision: dict[Decision, set[str]] = defaultdict(set)
    for device in devices:
        if device.site_id is not None:
            by_decision[decisions[device.site_id]].add(device.synth_id)
    for device in devices:
        if device.synth_id in by_decision[Decision.BEGIN]:
            there = sites.Device.objects.filter(pk=device.pk, synth_id=device.synth_id)
            if not there.update(synth_id=_former(), gone_at=device.gone_at or now):
                raise Undecided
    return by_decision[Decision.BEGIN], by_decision[Decision.JOIN] | by_decision[Decision.WAIT]


def make(rows: Collection[sites.Site]) -> None:
    """Write new rows; those for homes that other people left begin now, with records of their own."""
    ids = [site.synth_id for site in rows]
    left = sites.Site.objects.filter(left_at__isnull=False, former_id__in=ids)
    before = set(left.values_list("former_id", flat=True))
    for site in rows:
        if site.synth_id in before:
            site.begun_at = site.created_at
            site.record_id = f"{site.synth_id[:PREFIX]}~{secrets.token_hex(16)}"
    sites.Site.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)


def links_of(known: Iterable[sites.Site]) -> Mapping[int, list[occupancy.Link]]:
    """Return by a home's key the connections that list it or did."""
    rows = sites.ConnectionSite.objects.filter(site__in=known).order_by()
    columns = ("site_id", "connection_id", "connection__user_id", "connection__status", "seen_at", "lost_at")
    found: dict[int, list[occupancy.Link]] = defaultdict(list)
    for site_pk, pk, person, status, seen_at, lost_at in rows.values_list(*columns):
        link = occupancy.Link(
            connection=pk, person=person, is_active=status == ACTIVE, seen_at=seen_at, lost_at=lost_at
        )
        found[site_pk].append(link)
    return found


@transaction.atomic
def leave(site: sites.Site, *, gone: Collection[int], now: datetime) -> None:
    """Leave a home's row to the people before: it gives up the API's ids, and nothing is reached through it.

    Whose connection had ended goes on seeing what was stored, until retention ends it. Whose account no
    longer lists the home does not, as always: `gone` are the connections of which that was just found out.
    """
    names = {site.synth_id: _former(), **{device.synth_id: _former() for device in site.devices.all()}}
    site.record_id, site.former_id, site.left_at = site.audit_id, site.synth_id, now
    site.synth_id, site.topology = names[site.synth_id], _renamed(site.topology, names)
    site.save(update_fields=["record_id", "former_id", "left_at", "synth_id", "topology"])
    _rename(site.devices.all(), names)
    _rename(site.sensors.filter(synth_id__in=names), names)
    links = sites.ConnectionSite.objects.filter(site=site, lost_at=None)
    links.filter(connection__in=gone).update(lost_at=now)
    links.update(lost_at=now, is_kept=True)
    signals.left.send(sites.Site, site=site, at=now)


def _decisions(
    known: Collection[sites.Site], connection: lunar.Connection, heard: occupancy.Heard, now: datetime
) -> dict[int, Decision]:
    """Return what each known home is to the connection's person, by its key; raise Undecided."""
    links, found, ask = links_of(known), dict[int, Decision](), set[int]()
    for site in known:
        there = links[site.pk]
        decision = occupancy.decide(there, site.synth_id, person=connection.user_id, heard=heard, now=now)
        if not there and site.created_at == now:  # as this run has just made it
            decision = Decision.CONTINUE
        if decision is Decision.ASK:
            ask.update(occupancy.unasked(there, heard))
        found[site.pk] = decision
    if ask:
        raise Undecided(ask)
    return found


def _rename(rows: QuerySet[Row], names: Mapping[str, str]) -> None:
    found = list(rows)
    for row in found:
        row.synth_id = names[row.synth_id]
    rows.model._base_manager.bulk_update(found, ["synth_id"], batch_size=BATCH)


def _former() -> str:
    return f"former-{secrets.token_hex(16)}"


def _renamed(topology: dict[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """Return a stored tree with other ids for what is named, so that its lines still find their devices."""
    nodes = topology.get("nodes")
    if not isinstance(nodes, list):
        return topology
    renamed = [{**node, "synth_id": names.get(node["synth_id"], node["synth_id"])} for node in nodes]
    return {**topology, "nodes": renamed}
