"""Write what was read about a customer's homes into rows, in bulk, each row at most once.

Called by sync alone, inside its transaction. Rows are written in the order of their ids, so that reading two
co-owners' homes at once cannot deadlock.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import available_timezones

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from gridshare_portal.gridshare import types, values
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.sites.reading import handover, occupancy, plain, roles, topology

BATCH = 500
DETAILS = ["kind", "manufacturer", "model", "serial_number", "power_limit_w", "extra", "details_read_at"]
FOUND = ["device_id", "kind", "channels", "role_found", "position", "gone_at"]
LIMIT_NAMES = ("maxPower_W", "ratedPower_W", "powerLimit_W")


def write_sites(
    connection: lunar.Connection,
    *,
    site_ids: Collection[str],
    whole: bool = True,
    heard: occupancy.Heard,
    now: datetime,
) -> tuple[dict[str, sites.Site], set[str]]:
    """Make rows for new sites and for those that other people left; record which ones the connection lists.

    From a list that is not `whole`, none is lost: an entry without an id may have been any of them.
    Returns the person's rows, and the ids that cannot be decided on now, of which nothing is written. Raises
    handover.Undecided, with nothing to keep.
    """
    reached, waiting = handover.own(connection, site_ids, heard=heard, now=now)
    absent = [one for one in dict.fromkeys(site_ids) if one not in reached and one not in waiting]
    if absent:
        _make_sites(connection, absent, now=now)
        made, _none = handover.own(connection, absent, heard=heard, now=now)
        if len(made) < len(absent):
            raise handover.Undecided
        reached |= made
    ordered = (reached[synth_id] for synth_id in sorted(reached))
    sites.ConnectionSite.objects.bulk_create(
        [sites.ConnectionSite(site=site, connection=connection, seen_at=now) for site in ordered],
        update_conflicts=True,
        unique_fields=["site", "connection"],
        update_fields=["seen_at", "lost_at"],
        batch_size=BATCH,
    )
    if whole:
        lost = sites.ConnectionSite.objects.filter(connection=connection, lost_at=None)
        lost.exclude(site__in=reached.values()).update(lost_at=now)
    return reached, waiting


def _make_sites(connection: lunar.Connection, synth_ids: Collection[str], *, now: datetime) -> None:
    names, zone = _names(connection), connection.time_zone
    zone = zone if zone in available_timezones() else settings.TIME_ZONE
    handover.make(
        [sites.Site(synth_id=one, name=next(names), time_zone=zone, created_at=now) for one in synth_ids]
    )


def write_topologies(
    reached: Mapping[str, sites.Site], *, topologies: Mapping[str, types.Topology], now: datetime
) -> None:
    """Store each site's cleaned tree; where Gridshare answers with no tree at all, the last one stays."""
    for synth_id in sorted(reached.keys() & topologies.keys()):
        site, read = reached[synth_id], topologies[synth_id]
        if read.root is not None:
            site.topology = topology.cleaned(read)
        site.topology_read_at = now
        site.save(update_fields=["topology", "topology_read_at"])


def write_devices(
    connection: lunar.Connection,
    reached: Mapping[str, sites.Site],
    *,
    device_ids: Collection[str] | None,
    whole: bool = True,
    details: Mapping[str, types.Device],
    heard: occupancy.Heard,
    now: datetime,
) -> None:
    """Give every listed device, and every device of a tree, a row at its site, with its details.

    A device belongs to the site its details name, else to the one whose tree shows it, else to the only one
    there is; one that no site of this customer claims is not stored, nor one of a home in which somebody else
    lives. From a home that was left it comes as a new row. One that stands in another customer's home stays
    there unless its details say otherwise, so that it does not move with every reading. From a list that is
    not `whole`, none is gone. Raises handover.Undecided.
    """
    shown = {  # where several trees show a device, the first
        synth_id: (site, kind)
        for site in reversed(list(reached.values()))
        for synth_id, kind in topology.devices_in(site.topology, kinds={}).items()
        if synth_id not in reached  # the home itself, called by a kind that nobody heard of
    }
    ids = sorted({*(device_ids or ()), *shown, *details})
    known = sites.Device.objects.select_related("site").in_bulk(ids, field_name="synth_id")
    held = sites.ConnectionSite.objects.filter(
        site=OuterRef("site"), lost_at=None, connection__status__in=["active", "reconnect"]
    )
    there = set(
        sites.Device.objects.filter(Exists(held), gone_at=None, synth_id__in=ids).values_list(
            "synth_id", flat=True
        )
    )
    placed: dict[str, sites.Site] = {}
    for synth_id in ids:
        before = known[synth_id].site if synth_id in there else None
        site = _site_of(synth_id, reached, shown, details, before)
        if site is not None:
            placed[synth_id] = site
    others = [device for synth_id, device in known.items() if _moves(device, placed.get(synth_id), reached)]
    free, elsewhere = handover.free_devices(connection, others, heard=heard, now=now)
    found: dict[str, sites.Device] = {}
    for synth_id in sorted(placed.keys() - elsewhere):
        kind = shown[synth_id][1] if synth_id in shown else ""
        device = sites.Device(synth_id=synth_id, site=placed[synth_id], kind=plain.word(kind, limit=64))
        found[synth_id] = describe(device, details[synth_id], now) if synth_id in details else device
    _insert([one for synth_id, one in found.items() if synth_id not in known or synth_id in free])
    _upsert([one for one in found.values() if one.details_read_at], update=["site", "gone_at", *DETAILS])
    _upsert([one for one in found.values() if not one.details_read_at], update=["site", "gone_at"])
    if device_ids is not None and whole:
        here = sites.Device.objects.filter(site__in=reached.values(), gone_at=None)
        _mark_gone(here, present=found, now=now)


def describe(device: sites.Device, read: types.Device, now: datetime) -> sites.Device:
    """Fill a row with what the API said of the device; do not save it."""
    device.kind = plain.word(read.kind, limit=64) or device.kind
    device.manufacturer = plain.word(read.manufacturer, limit=200)
    device.model = plain.word(read.model, limit=200)
    device.serial_number = plain.word(read.serial_number, limit=200)
    device.power_limit_w = _power_limit_w(read.extra) or device.power_limit_w
    device.extra = plain.tree(read.extra)
    device.details_read_at = now
    return device


def write_sensors(site: sites.Site, *, now: datetime) -> None:
    """Find the site's sensors and their roles anew from its stored tree and its devices' kinds.

    What the homeowner said about a sensor stays. A sensor that left the tree keeps its row.
    """
    devices = {device.synth_id: device for device in site.devices.filter(gone_at=None)}
    found = roles.found(site.topology, kinds={synth_id: device.kind for synth_id, device in devices.items()})
    rows = {
        stream.synth_id: sites.Sensor(
            site=site,
            device=devices.get(stream.device_id or ""),
            synth_id=stream.synth_id,
            kind=stream.kind,
            channels=list(stream.channels),
            role_found=role,
            position=position,
        )
        for position, (stream, role) in enumerate(found)
    }
    known = {row["synth_id"]: row for row in site.sensors.values("synth_id", *FOUND)}
    changed = [
        row
        for synth_id, row in sorted(rows.items())
        if synth_id not in known or any(getattr(row, name) != known[synth_id][name] for name in FOUND)
    ]
    sites.Sensor.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["site", "synth_id"],
        update_fields=FOUND,
        batch_size=BATCH,
    )
    if not (site.topology.get("cut", False) or site.topology.get("nameless", False)):
        _mark_gone(site.sensors.filter(gone_at=None), present=rows, now=now)
    _write_batteries(devices, found)


def _mark_gone(known: QuerySet, *, present: Container[str], now: datetime) -> None:
    gone = [pk for pk, synth_id in known.values_list("pk", "synth_id") if synth_id not in present]
    for start in range(0, len(gone), BATCH):
        known.model.objects.filter(pk__in=gone[start : start + BATCH]).update(gone_at=now)


def _write_batteries(
    devices: Mapping[str, sites.Device], found: Iterable[tuple[topology.Stream, str]]
) -> None:
    """Store what the tree says about each device's batteries: capacities add up, and so do power limits."""
    counted: dict[str, list[topology.Stream]] = defaultdict(list)
    for stream, role in found:
        owner = stream.device_id or ""
        if role == roles.BATTERY and owner in devices:
            counted[owner].append(stream)
    for synth_id, streams in counted.items():
        device = devices[synth_id]
        device.capacity_wh = _sum(stream.capacity_wh for stream in streams) or device.capacity_wh
        limit_w = _sum(_power_limit_w(stream.extra) for stream in streams)
        device.power_limit_w = limit_w or device.power_limit_w
    changed = [devices[synth_id] for synth_id in sorted(counted)]
    sites.Device.objects.bulk_update(changed, ["capacity_wh", "power_limit_w"], batch_size=BATCH)


def _power_limit_w(extra: Mapping[str, object]) -> float | None:
    limits = (values.number(extra.get(name)) for name in LIMIT_NAMES)
    return next((limit for limit in limits if limit is not None and limit > 0), None)


def _sum(amounts: Iterable[float | None]) -> float | None:
    known = list(amounts)
    return sum(amount or 0.0 for amount in known) if known and None not in known else None


def _moves(device: sites.Device, to: sites.Site | None, reached: Mapping[str, sites.Site]) -> bool:
    """Return whether a device would come from a home that this connection does not list."""
    return to is not None and device.site is not None and device.site not in reached.values()


def _insert(devices: Collection[sites.Device]) -> None:
    """Write rows of new devices; raise Undecided where another run wrote one for another home meanwhile."""
    if not devices:
        return
    sites.Device.objects.bulk_create(devices, ignore_conflicts=True, batch_size=BATCH)
    written = sites.Device.objects.in_bulk([one.synth_id for one in devices], field_name="synth_id")
    if any(written[one.synth_id].site_id != one.site_id for one in devices):
        raise handover.Undecided


def _upsert(devices: Collection[sites.Device], *, update: list[str]) -> None:
    sites.Device.objects.bulk_create(
        devices, update_conflicts=True, unique_fields=["synth_id"], update_fields=update, batch_size=BATCH
    )


def _site_of(
    synth_id: str,
    reached: Mapping[str, sites.Site],
    shown: Mapping[str, tuple[sites.Site, str]],
    details: Mapping[str, types.Device],
    known: sites.Site | None,
) -> sites.Site | None:
    named = details[synth_id].site_id if synth_id in details else None
    if named is not None and named in reached:
        return reached[named]
    if known is not None:
        return known if known in reached.values() else None
    if synth_id in shown:
        return shown[synth_id][0]
    alone = named is None and len(reached) == 1
    return next(iter(reached.values())) if alone else None


def _names(connection: lunar.Connection) -> Iterator[str]:
    """Yield names this person has not given yet: Home, Home 2, Home 3…"""
    own = sites.Site.objects.filter(connection_sites__connection__user=connection.user_id)
    taken = set(own.values_list("name", flat=True))
    numbered = ("Home" if number == 1 else f"Home {number}" for number in itertools.count(1))
    return (name for name in numbered if name not in taken)
