"""Writes homes that are connected and were read a quarter of an hour ago, many at once.

What is stored of their readings is what the pretended Lunar says of them, so that the next reading finds
nothing odd. Each home has a battery with three sensors, a connection of its own, and three days of
readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from gridshare_portal.sandbox.simulation import clock, dice, world

if TYPE_CHECKING:
    from benchmarks import programs
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.lunar import models as lunar
    from gridshare_portal.sandbox.simulation.homes import Customer, SimulatedHome, SimulatedSensor
    from gridshare_portal.sites import models as sites
    from gridshare_portal.telemetry import models as telemetry

TOGETHER = 500
DAYS = 3
REFRESHED_AT_ONCE = 4  # a token lasts an hour, which is four readings
AGAIN_AT_ONCE = 24  # four days of each sensor are asked for again in a day, which is 96 readings
SYNCED_AT_ONCE = 24  # a connection's homes are listed every six hours

Columns = dict[str, np.ndarray]


def make(pretended: programs.Lunar, *, now: datetime, apart: int) -> None:
    """Write every home of the cast that is like another; the last `apart` ones are due only in an hour.

    As in any quarter of an hour, some have a token that is to be refreshed, some a day to be asked for again,
    and some a connection whose homes are to be listed.
    """
    from django.db import transaction

    known = world.World(
        homes_count=pretended.count, seed=1, clock=clock.Clock(now), stored={"begin": pretended.begin}
    )
    customers = [one for one in pretended.world.customers if one.username.startswith("home")]
    for start in range(0, len(customers), TOGETHER):
        with transaction.atomic():  # a worker may be at work
            _make_some(pretended, known, customers[start : start + TOGETHER], now, first=start)
    _put_off(len(customers) - apart, now)


def _put_off(due: int, now: datetime) -> None:
    from gridshare_portal.telemetry.models import Collection

    later = Collection.objects.order_by("pk").values_list("pk", flat=True)[due:]
    Collection.objects.filter(pk__in=list(later)).update(due_at=now + timedelta(hours=1))


def _make_some(
    pretended: programs.Lunar, known: world.World, customers: Sequence[Customer], now: datetime, *, first: int
) -> None:
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.sites import models as sites
    from gridshare_portal.telemetry import missing
    from gridshare_portal.telemetry import models as telemetry

    users = accounts.User.objects.bulk_create(
        [accounts.User(email=f"{one.username}@homes.example", name=one.username) for one in customers]
    )
    connections = _connections(pretended, customers, users, now, first)
    homes = sites.Site.objects.bulk_create(
        [
            sites.Site(
                synth_id=one.homes[0].site_id,
                name=one.username,
                time_zone="America/Los_Angeles",
                created_at=now,
                topology_read_at=now - timedelta(hours=6),
            )
            for one in customers
        ]
    )
    sites.ConnectionSite.objects.bulk_create(
        [
            sites.ConnectionSite(site=site, connection=one, seen_at=now)
            for site, one in zip(homes, connections, strict=True)
        ]
    )
    begun = missing.day_of(now) - (DAYS - 1) * missing.DAY
    walked = {"goal": begun, "cursor": begun, "filled_back_to": begun}
    telemetry.Collection.objects.bulk_create(
        [
            telemetry.Collection(site=site, due_at=now, last_ok_at=now - missing.STEP, **walked)
            for site in homes
        ]
    )
    _stream(known, customers, homes, now, first)


def _connections(
    pretended: programs.Lunar,
    customers: Sequence[Customer],
    users: Sequence[accounts.User],
    now: datetime,
    first: int,
) -> list[lunar.Connection]:
    from gridshare_portal import seal
    from gridshare_portal.lunar import models as lunar
    from gridshare_portal.lunar import scopes
    from gridshare_portal.sites import models as sites

    since = {"status_since_at": now, "authorized_at": now, "last_read_at": now - timedelta(minutes=15)}
    allowed = " ".join(scope.id for scope in scopes.SCOPES)
    rows = lunar.Connection.objects.bulk_create(
        [
            lunar.Connection(
                user=user,
                issuer=pretended.issuer,
                sub=one.sub,
                username=one.username,
                scopes=allowed,
                **since,
            )
            for one, user in zip(customers, users, strict=True)
        ]
    )
    for number, row in enumerate(rows, start=first):
        granted = pretended.pool.grant(row.username)
        row.access_sealed = seal.seal(granted["access_token"], row.context("access"))
        row.refresh_sealed = seal.seal(granted["refresh_token"], row.context("refresh"))
        row.access_expires_at = now + timedelta(hours=9)
        row.refresh_due_at = now + timedelta(hours=0 if number % REFRESHED_AT_ONCE == 0 else 8)
    changed = ["access_sealed", "refresh_sealed", "access_expires_at", "refresh_due_at"]
    lunar.Connection.objects.bulk_update(rows, changed, batch_size=100)
    sites.Sync.objects.bulk_create(
        [
            sites.Sync(
                connection=row,
                state=sites.Sync.State.DONE,
                due_at=now + timedelta(hours=0 if number % SYNCED_AT_ONCE == 0 else 5),
            )
            for number, row in enumerate(rows, start=first)
        ]
    )
    return rows


def _stream(
    known: world.World, customers: Sequence[Customer], homes: Sequence[sites.Site], now: datetime, first: int
) -> None:
    """Write devices, sensors, and what was read of each sensor."""
    from gridshare_portal.sites import models as sites
    from gridshare_portal.telemetry import missing
    from gridshare_portal.telemetry import models as telemetry

    pairs = list(zip(customers, homes, strict=True))
    devices = sites.Device.objects.bulk_create(
        [
            sites.Device(site=site, synth_id=device.synth_id, kind=device.kind, model=device.model)
            for one, site in pairs
            for device in one.homes[0].devices
        ]
    )
    owners = {device.synth_id: device for device in devices}
    streams = [
        (number, one.homes[0], stream, site)
        for number, (one, site) in enumerate(pairs, start=first)
        for stream in one.homes[0].sensors
    ]
    sensors = sites.Sensor.objects.bulk_create(
        [
            sites.Sensor(
                site=site,
                device=owners[stream.device_id],
                synth_id=stream.synth_id,
                kind="Sensor",
                role_found=stream.meaning,
            )
            for _number, _home, stream, site in streams
        ]
    )
    days: list[telemetry.Day] = []
    latest: list[telemetry.Latest] = []
    for sensor, (number, home, stream, _site) in zip(sensors, streams, strict=True):
        columns = columns_of(known, home, stream, now - missing.STEP, now=now)
        days += _days(sensor, columns, now, is_due=number % AGAIN_AT_ONCE == 0)
        latest.append(_latest(sensor, columns, now))
    telemetry.Day.objects.bulk_create(days, batch_size=100)
    telemetry.Latest.objects.bulk_create(latest, batch_size=100)


def columns_of(
    known: world.World, home: SimulatedHome, stream: SimulatedSensor, at: datetime, *, now: datetime
) -> Columns:
    """Return what the pretended Lunar said of a sensor at a moment, for DAYS whole days until now's."""
    from gridshare_portal.telemetry import missing, packing

    begin = missing.midnight(missing.day_of(now)) - (DAYS - 1) * missing.DAY
    end = at - timedelta(seconds=at.timestamp() % missing.STEP_S)
    told = known.buckets(stream, start=begin, end=end, step=missing.STEP, now=at)
    power_w = np.round((told.in_wh - told.out_wh) / told.length_h, 3) + 0.0
    voltage_v = 238.0 + 4.0 * dice.rolls(dice.key(stream.synth_id), told.start_s // 300)
    current_a = np.round((told.in_wh - told.out_wh) / told.length_h / voltage_v, 3) + 0.0
    said = {
        "in_w": np.maximum(power_w, 0.0),
        "out_w": np.maximum(-power_w, 0.0),
        "voltage_v": np.round(voltage_v, 3),
        "current_a": current_a,
        "in_wh": np.round(told.counted_in_wh, 3),
        "out_wh": np.round(told.counted_out_wh, 3),
    }
    if stream.meaning == "battery":
        said["charge_pct"] = np.round(100.0 * told.average_level_wh / home.own_battery.capacity_wh, 3)
    places = ((told.start_s - begin.timestamp()) // missing.STEP_S).astype(int)
    columns = {name: np.full(DAYS * missing.BUCKETS, np.nan) for name in packing.FIELDS}
    for name, values in said.items():
        columns[name][places] = values
    return columns


def _days(sensor: sites.Sensor, columns: Columns, now: datetime, *, is_due: bool) -> Iterator[telemetry.Day]:
    """Return the stored days, with the energy that reading them would find."""
    from gridshare_portal.telemetry import meters, missing, packing
    from gridshare_portal.telemetry.models import Day

    unknown = {name: np.full(missing.BUCKETS, np.nan) for name in meters.FIELDS}
    today = missing.day_of(now)
    for number in range(DAYS):
        day = today - (DAYS - 1 - number) * missing.DAY
        own = slice(number * missing.BUCKETS, (number + 1) * missing.BUCKETS)
        mine = {name: column[own] for name, column in columns.items()}
        around = {
            name: np.concatenate((unknown[name], columns[name], unknown[name])) for name in meters.FIELDS
        }
        three = slice(own.start, own.stop + 2 * missing.BUCKETS)
        grown = meters.read({name: column[three] for name, column in around.items()})
        middle = np.array([(missing.BUCKETS, 2 * missing.BUCKETS)])
        in_wh, out_wh = (float(one.totals(middle)[0]) for one in grown)
        bits = ~np.isnan(mine["in_w"])
        is_over = day < today
        again_at = now if is_due and number == DAYS - 2 else now + timedelta(hours=12)
        yield Day(
            sensor=sensor,
            day=day,
            step_s=missing.STEP_S,
            packed=packing.pack(mine),
            known=packing.bits(bits),
            known_count=int(bits.sum()),
            ask_again_at=again_at if is_over else missing.ask_again_at(day, complete=False, asked_at=None),
            in_wh=None if np.isnan(in_wh) else in_wh,
            out_wh=None if np.isnan(out_wh) else out_wh,
            peak_w=float(np.nanmax([mine["in_w"], mine["out_w"]])) if bits.any() else None,
        )


def _latest(sensor: sites.Sensor, columns: Columns, now: datetime) -> telemetry.Latest:
    from gridshare_portal.telemetry import missing, packing
    from gridshare_portal.telemetry.models import Latest

    last = int(np.flatnonzero(~np.isnan(columns["in_w"]))[-1])
    begin = missing.midnight(missing.day_of(now)) - (DAYS - 1) * missing.DAY
    values = {name: float(columns[name][last]) for name in packing.FIELDS}
    return Latest(
        sensor=sensor,
        at=begin + last * missing.STEP,
        read_at=now - missing.STEP,
        **{name: None if np.isnan(value) else value for name, value in values.items()},
    )
