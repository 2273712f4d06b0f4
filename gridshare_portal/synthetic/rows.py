"""Writes synthetic homes into the database, many at once, so that nothing ever calls Lunar about them.

Their connections have an issuer that cannot exist, no token, and are never due; they are in no queue, and
nobody gets an e-mail about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import TypeVar

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Model, prefetch_related_objects

from gridshare_portal.access import durations
from gridshare_portal.access import models as access
from gridshare_portal.access.finding import entries
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import people
from gridshare_portal.synthetic import sites as synthetic_sites
from gridshare_portal.synthetic import stored_days as readings
from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry import models as telemetry

ISSUER = "https://practice.invalid"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
CHUNK = 500

Node = dict[str, object]  # of the topology, as JSON
Row = TypeVar("Row", bound=Model)


def made_count() -> int:
    """Return how many synthetic homes there are."""
    return lunar.Connection.objects.filter(issuer=ISSUER).count()


def has_real_connections() -> bool:
    """Return whether a real connection is kept in this database."""
    return lunar.Connection.objects.exclude(issuer=ISSUER).exists()


def make(*, count: int, organization: accounts.Organization, now: datetime, days: int = 0) -> Iterator[int]:
    """Add homes that are shared with the organization; yield how many so far.

    Numbers go on from the homes there are, and a number always gives the same home. Each has `days` days of
    readings, up to now.
    """
    first = made_count()
    for start in range(first, first + count, CHUNK):
        numbers = range(start, min(start + CHUNK, first + count))
        _write(numbers, organization, now, days)
        yield numbers.stop - first


@transaction.atomic
def _write(numbers: range, organization: accounts.Organization, now: datetime, days: int) -> None:
    made = [synthetic_sites.home(number, now=now) for number in numbers]
    persons = [people.person(number) for number in numbers]
    users = _create(accounts.User, map(_user, persons, made))
    links = _create(lunar.Connection, map(_connection, numbers, users, made))
    rows = _create(sites.Site, map(_site, persons, made, repeat(now)))
    reaching = (
        sites.ConnectionSite(site=row, connection=link, seen_at=home.created_at)
        for row, link, home in zip(rows, links, made, strict=True)
    )
    _create(sites.ConnectionSite, reaching)
    _create(telemetry.Collection, map(_collection, rows, made))
    _write_devices(rows, made, now, days)
    asked = (trio for trio in zip(persons, made, users, strict=True) if trio[1].asked_at)
    _create(access.Request, (_request(*trio, organization) for trio in asked))
    consents = _create(access.Consent, map(_consent, rows, users, made, repeat(organization)))
    held = [consent for consent in consents if consent.ended_at is None]
    prefetch_related_objects(held, "site__devices")
    entries.write(held)


def _write_devices(
    rows: list[sites.Site], made: list[synthetic_sites.MadeSite], now: datetime, days: int
) -> None:
    trios = [(row, home, device) for row, home in zip(rows, made, strict=True) for device in home.devices]
    kept = _create(sites.Device, (_device(row, device, now) for row, _home, device in trios))
    parts = [
        (row, device, sensor, position, home.course)
        for device, (row, home, device_made) in zip(kept, trios, strict=True)
        for position, sensor in enumerate(device_made.sensors)
    ]
    sensors = _create(sites.Sensor, (_sensor(*part[:4]) for part in parts))
    speaking = [(sensor, part[2], part[4]) for sensor, part in zip(sensors, parts, strict=True)]
    newest = (
        telemetry.Latest(sensor=sensor, read_at=min(one.at + missing.STEP, now), **vars(one))
        for sensor, made_sensor, _course in speaking
        if (one := made_sensor.reading)
    )
    _create(telemetry.Latest, newest)
    readings.write(speaking, days=days, now=now)


def _create(model: type[Row], rows: Iterable[Row]) -> list[Row]:
    return model._default_manager.bulk_create(list(rows), batch_size=CHUNK)


def _user(person: people.Person, home: synthetic_sites.MadeSite) -> accounts.User:
    return accounts.User(
        email=person.email, name=person.name, password=make_password(None), date_joined=home.created_at
    )


def _connection(number: int, user: accounts.User, home: synthetic_sites.MadeSite) -> lunar.Connection:
    return lunar.Connection(
        user=user,
        issuer=ISSUER,
        sub=f"practice-{number}",
        username=user.email,
        scopes=" ".join(home.scopes),
        status=home.status,
        status_since_at=home.created_at,
        authorized_at=home.created_at,
        time_zone=home.time_zone,
        retry_at=NEVER,
        owner_told_at=home.created_at,
    )


def _site(person: people.Person, home: synthetic_sites.MadeSite, now: datetime) -> sites.Site:
    return sites.Site(
        synth_id=home.synth_id,
        name=person.home,
        time_zone=home.time_zone,
        zone_confirmed_at=home.created_at,
        topology=_tree(home),
        topology_read_at=now,
        created_at=home.created_at,
    )


def _tree(home: synthetic_sites.MadeSite) -> dict[str, object]:
    """Return the topology as sites stores it: the home, its devices, and their sensors below them."""
    nodes = [_node(home.synth_id, "Site", parent=None, depth=0)]
    for device in home.devices:
        place = len(nodes)
        nodes.append(_node(device.synth_id, device.kind, parent=0, depth=1))
        nodes.extend(
            _node(one.synth_id, "Sensor", parent=place, depth=2, channels=_channels(one))
            for one in device.sensors
            if one.synth_id != device.synth_id
        )
    return {"nodes": nodes, "repeated": 0, "cut": False}


def _node(synth_id: str, kind: str, *, parent: int | None, depth: int, channels: Iterable[str] = ()) -> Node:
    found: Node = {"synth_id": synth_id, "kind": kind, "channels": [*channels], "capacity_wh": None}
    return found | {"parent": parent, "depth": depth}


def _channels(sensor: synthetic_sites.MadeSensor) -> list[str]:
    return [*synthetic_sites.CHANNELS, *(["stateOfCharge_pct"] if sensor.role == sites.Role.BATTERY else [])]


def _collection(row: sites.Site, home: synthetic_sites.MadeSite) -> telemetry.Collection:
    goal = (home.created_at - timedelta(days=1)).date()
    moments = [one.reading.at for device in home.devices for one in device.sensors if one.reading]
    read_at, days = max(moments, default=None), {"goal": goal, "cursor": goal, "filled_back_to": goal}
    return telemetry.Collection(site=row, due_at=None, last_ok_at=read_at, **days)


def _device(row: sites.Site, device: synthetic_sites.MadeDevice, now: datetime) -> sites.Device:
    known = {name: value for name, value in vars(device).items() if name != "sensors"}
    power_limit_w = 5000.0 if device.capacity_wh else None
    return sites.Device(site=row, power_limit_w=power_limit_w, details_read_at=now, **known)


def _sensor(
    row: sites.Site, kept: sites.Device, sensor: synthetic_sites.MadeSensor, position: int
) -> sites.Sensor:
    return sites.Sensor(
        site=row,
        device=kept,
        synth_id=sensor.synth_id,
        kind="Sensor",
        channels=_channels(sensor),
        role_found=sensor.role,
        position=position,
    )


def _consent(
    row: sites.Site, user: accounts.User, home: synthetic_sites.MadeSite, organization: accounts.Organization
) -> access.Consent:
    ended = {"ended_by": user, "ended_how": "by hand"} if home.sharing.ended_at else {}
    return access.Consent(site=row, organization=organization, given_by=user, **ended, **vars(home.sharing))


def _request(
    person: people.Person,
    home: synthetic_sites.MadeSite,
    user: accounts.User,
    organization: accounts.Organization,
) -> access.Request:
    """Return the organization's request from before a home was shared; nobody gets an e-mail about it."""
    made_at = home.asked_at or home.created_at
    return access.Request(
        organization=organization,
        email=person.email,
        right=home.sharing.right,
        lasts=durations.OPEN.id,
        made_at=made_at,
        told_at=made_at,
        expires_at=made_at + timedelta(days=30),
        answer=access.Request.Answer.SHARED,
        answered_at=home.created_at,
        answered_by=user,
    )
