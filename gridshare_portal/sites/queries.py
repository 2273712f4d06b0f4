"""Queries on homes as last read; each costs the same few SQL queries however large the home is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, Q, QuerySet

from gridshare_portal import built
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites

DEEPEST_SHOWN = 12

_HOME = built.Given("home", BigIntegerField())
_DEVICES = built.Query(
    lambda: sites.Device.objects.filter(site=_HOME, gone_at=None).order_by("kind", "synth_id")
)
_SENSORS = built.Query(lambda: sites.Sensor.objects.filter(site=_HOME, gone_at=None).select_related("device"))
_CONNECTIONS = built.Query(
    lambda: (
        lunar.Connection.objects.filter(connection_sites__site=_HOME, connection_sites__lost_at=None)
        .select_related("sync")
        .defer("access_sealed", "refresh_sealed")
        .order_by("pk")
    )
)


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One line of a home's tree, in reading order, as a page nests it.

    A page opens one list when `opens`, and closes `closes` lists after the line, without recursion. Lines
    deeper than DEEPEST_SHOWN are shown at that depth.
    """

    synth_id: str
    kind: str
    channels: tuple[str, ...]
    capacity_wh: float | None
    depth: int
    opens: bool
    closes: int
    device: sites.Device | None
    sensor: sites.Sensor | None
    extra: Mapping[str, object] | None

    @property
    def role(self) -> str:
        return self.sensor.role if self.sensor else ""

    @property
    def closing(self) -> range:
        """Iterates once per list that ends here, for templates."""
        return range(self.closes)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the reading of a customer's homes has come, without words.

    `step` is "", "sites", "devices" or "done". `sites` are the homes found so far, `unread_sites` and
    `unread_devices` entries that could not be used. `again_at` is when a failed reading is tried again; None
    means that only the homeowner can help.
    """

    state: str
    step: str
    done: int
    total: int
    sites: tuple[sites.Site, ...]
    again_at: datetime | None
    unread_sites: int = 0
    unread_devices: int = 0

    @property
    def ready(self) -> bool:
        """Whether there is a home to look at, although some part of it may be missing.

        Where everything was asked for and Lunar refuses the trees, the home's page says so.
        """
        is_done = self.state == sites.Sync.State.DONE and bool(self.sites)
        return is_done or any(site.topology_read_at is not None for site in self.sites)

    @property
    def empty(self) -> bool:
        """Whether reading went well and found no home."""
        return self.state == sites.Sync.State.DONE and not self.sites


def devices_of(site: sites.Site) -> QuerySet[sites.Device]:
    """Return the devices of the home, by kind."""
    return site.devices.filter(gone_at=None).order_by("kind", "synth_id")


def devices_in(site: sites.Site) -> list[sites.Device]:
    """Return all devices of the home, by kind, in a query that is built once."""
    return _DEVICES.rows(home=site.pk)


def sensors_of(site: sites.Site, role: str | None = None) -> QuerySet[sites.Sensor]:
    """Return the home's sensors in the order of its tree, all or those of one role."""
    present = site.sensors.filter(gone_at=None).select_related("device")
    return present if role is None else present.filter(has_role(role))


def has_role(role: str, *, path: str = "") -> Q:
    """Return the condition that the sensor at `path` has this role: as corrected, else as found."""
    found = {f"{path}role_set": "", f"{path}role_found": role}
    return Q(**{f"{path}role_set": role}) | Q(**found)


def battery_devices_of(
    site: sites.Site, *, among: Iterable[sites.Sensor] | None = None
) -> list[sites.Device]:
    """Return the devices that steer a battery: those with a battery's sensor, else battery packs.

    A caller that has read the home's sensors with their devices passes them as `among`.
    """
    sensors = _SENSORS.rows(home=site.pk) if among is None else among
    present = [sensor for sensor in sensors if sensor.role == sites.Role.BATTERY and sensor.gone_at is None]
    measured = [sensor.device for sensor in present if sensor.device]
    found = measured or [one for one in devices_in(site) if "battery" in one.kind.casefold()]
    return list({device.pk: device for device in found}.values())


def battery_devices_in(site_pks: Collection[int]) -> dict[int, list[sites.Device]]:
    """Return the same for many homes at once, by their keys; a home without such a device is left out."""
    is_battery = has_role(sites.Role.BATTERY)
    sensors = sites.Sensor.objects.filter(is_battery, site__in=site_pks, gone_at=None, device__isnull=False)
    found: dict[int, dict[int, sites.Device]] = {}
    for sensor in sensors.select_related("device"):
        assert sensor.device is not None  # by the filter above
        found.setdefault(sensor.site_id, {})[sensor.device.pk] = sensor.device
    unmeasured = [site_pk for site_pk in site_pks if site_pk not in found]
    named = sites.Device.objects.filter(site__in=unmeasured, gone_at=None, kind__icontains="battery")
    for device in named.order_by("kind", "synth_id"):
        assert device.site_id is not None  # by the filter above
        found.setdefault(device.site_id, {})[device.pk] = device
    return {site_pk: list(devices.values()) for site_pk, devices in found.items()}


def sites_of(connection: lunar.Connection) -> QuerySet[sites.Site]:
    """Return the homes that the connection lists now, by name."""
    reached = sites.ConnectionSite.objects.filter(connection=connection, lost_at=None)
    return sites.Site.objects.filter(connection_sites__in=reached).order_by("name", "pk")


def stored_of(connection: lunar.Connection) -> QuerySet[sites.Site]:
    """Return the homes that a connection lists, and those that it left its person to look at, by name."""
    kept = Q(lost_at=None) | Q(is_kept=True)
    stored = sites.ConnectionSite.objects.filter(kept, connection=connection)
    return sites.Site.objects.filter(connection_sites__in=stored).order_by("name", "pk")


def connections_of(site: sites.Site) -> QuerySet[lunar.Connection]:
    """Return the connections that list the home now, whatever their state, each with its `sync` if read."""
    reached = sites.ConnectionSite.objects.filter(site=site, lost_at=None)
    there = lunar.Connection.objects.filter(connection_sites__in=reached)
    return there.select_related("sync").order_by("pk")


def sensors_in(site: sites.Site) -> list[sites.Sensor]:
    """Return all sensors of the home with their devices, in the order of its tree, in a query built once."""
    return _SENSORS.rows(home=site.pk)


def connections_listing(site: sites.Site) -> list[lunar.Connection]:
    """Return the same without their tokens, in a query that is built once."""
    return _CONNECTIONS.rows(home=site.pk)


def tree_of(
    site: sites.Site,
    *,
    among: Iterable[sites.Device] | None = None,
    measured: Iterable[sites.Sensor] | None = None,
) -> list[Branch]:
    """Return the home's tree with its known devices and sensors.

    `among` are the home's devices and `measured` its sensors, where the caller has read them already.
    """
    nodes = site.topology.get("nodes", [])
    devices = {device.synth_id: device for device in (devices_in(site) if among is None else among)}
    sensors = {sensor.synth_id: sensor for sensor in (sensors_in(site) if measured is None else measured)}
    depths = [min(node["depth"], DEEPEST_SHOWN) for node in nodes]
    return [
        Branch(
            synth_id=node["synth_id"] or "",
            kind=node["kind"],
            channels=tuple(node["channels"]),
            capacity_wh=node["capacity_wh"],
            depth=depth,
            opens=following > depth,
            closes=max(0, depth - following),
            device=devices.get(node["synth_id"]),
            sensor=sensors.get(node["synth_id"]),
            extra=node.get("extra"),
        )
        for node, depth, following in zip(nodes, depths, [*depths[1:], 0], strict=False)
    ]


def progress_of(connection: lunar.Connection) -> Progress:
    sync = sites.Sync.objects.filter(connection=connection).first() or sites.Sync()
    return Progress(
        state=sync.state,
        step=sync.step,
        done=sync.done,
        total=sync.total,
        sites=tuple(sites_of(connection)),
        again_at=sync.due_at if sync.state == sites.Sync.State.FAILED else None,
        unread_sites=sync.unread_sites,
        unread_devices=sync.unread_devices,
    )
