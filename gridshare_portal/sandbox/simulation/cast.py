"""The demo customers, where they live and what they own.

Ids are made from the seed, so that two sandboxes with one seed have the same homes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from gridshare_portal.sandbox.simulation.homes import (
    Customer,
    SimulatedDevice,
    SimulatedHome,
    SimulatedSensor,
)
from gridshare_portal.sandbox.simulation.physics import Battery, Place

PACIFIC = ZoneInfo("America/Los_Angeles")
SAN_FRANCISCO = Place(zone=PACIFIC, latitude=37.77, longitude=-122.42)
SACRAMENTO = Place(zone=PACIFIC, latitude=38.58, longitude=-121.49)
TAHOE = Place(zone=PACIFIC, latitude=39.10, longitude=-120.03)
AUSTIN = Place(zone=ZoneInfo("America/Chicago"), latitude=30.27, longitude=-97.74)
PONCE = Place(zone=ZoneInfo("America/Puerto_Rico"), latitude=18.01, longitude=-66.61)
HONOLULU = Place(zone=ZoneInfo("Pacific/Honolulu"), latitude=21.31, longitude=-157.86)

LUNAR_20 = Battery(capacity_wh=20_000, power_limit_w=9_600, efficiency=0.90, reserve=0.10)
LUNAR_15 = Battery(capacity_wh=15_000, power_limit_w=5_000, efficiency=0.88, reserve=0.10)
SMALL = Battery(capacity_wh=4_000, power_limit_w=2_400, efficiency=0.86, reserve=0.05)

LIKE_ADA = "solar and a battery in San Francisco"


class _Has(TypedDict, total=False):
    size: float
    solar_peak_w: float
    battery: Battery
    first_mode: str
    vehicle_w: float
    hot_water_w: float
    circuits: int


def customers(count: int, *, seed: int) -> tuple[Customer, ...]:
    """Return the first customers of the cast, and the co-owner of the first one's home."""
    cast = _named(seed)[:count]
    for name in [f"home{number + 1:04d}" for number in range(6, count)]:
        cast.append(_customer(seed, name, LIKE_ADA, [_classic(seed, name)]))
    if cast:
        cast.insert(1, _customer(seed, "cora", "shares ada's home with her", cast[0].homes))
    return tuple(cast)


def _named(seed: int) -> list[Customer]:
    return [
        _customer(seed, "ada", LIKE_ADA, [_classic(seed, "ada")]),
        _customer(
            seed, "ben", "two homes, one with a vehicle and a water heater", [_full(seed), _cabin(seed)]
        ),
        _customer(seed, "cleo", "a small battery without solar in Austin", [_batteries(seed)]),
        _customer(seed, "dev", "solar without a battery in Ponce", [_panels(seed)]),
        _customer(seed, "eve", "a login that reaches no home yet", []),
        _customer(seed, "finn", "a home with 60 sensors in Honolulu", [_large(seed)]),
    ]


def _batteries(seed: int) -> SimulatedHome:
    hub = _hub(seed, "cleo", ("grid", "battery"), model="Battery 4")
    return _home(seed, "cleo", AUSTIN, [hub], battery=SMALL, first_mode="Schedule", size=1.6)


def _panels(seed: int) -> SimulatedHome:
    inverter = _device(seed, "dev", "inverter", ("grid", "solar"), maker="SolarEdge", model="SE7600H")
    return _home(seed, "dev", PONCE, [inverter], solar_peak_w=7_200, size=1.8)


def _large(seed: int) -> SimulatedHome:
    panels = [_panel(seed, number, first) for number, first in enumerate((1, 20, 39), start=1)]
    hub = _hub(seed, "finn", ("grid", "battery", "solar"))
    return _home(
        seed, "finn", HONOLULU, [hub, *panels], battery=LUNAR_20, solar_peak_w=11_000, size=2.6, circuits=57
    )


def _classic(seed: int, name: str) -> SimulatedHome:
    hub = _hub(seed, name, ("grid", "battery", "solar"))
    return _home(seed, name, SAN_FRANCISCO, [hub], battery=LUNAR_20, solar_peak_w=8_200, size=2.2)


def _full(seed: int) -> SimulatedHome:
    devices = [
        _hub(seed, "ben", ("grid", "battery"), model="Battery 15"),
        _device(seed, "ben", "PV", ("solar",), maker="Enphase", model="IQ8"),
        _device(seed, "ben", "EV", ("ev",), maker="Wallbox", model="Pulsar Plus"),
        _device(seed, "ben", "load_control_relay", ("relay",), maker="Eaton", model="AbleEdge BR"),
    ]
    return _home(
        seed, "ben", SACRAMENTO, devices, battery=LUNAR_15, solar_peak_w=9_500, first_mode="Smart", size=2.0,
        vehicle_w=7_200, hot_water_w=3_000,
    )  # fmt: skip


def _cabin(seed: int) -> SimulatedHome:
    devices = [
        _device(seed, "ben-cabin", "meter", ("grid",), maker="Landis+Gyr", model="E360"),
        _device(seed, "ben-cabin", "load_control_relay", ("relay",), maker="Eaton", model="AbleEdge BR"),
    ]
    return _home(seed, "ben-cabin", TAHOE, devices, size=0.6, hot_water_w=2_000)


def _home(
    seed: int, name: str, place: Place, devices: list[SimulatedDevice], **has: Unpack[_Has]
) -> SimulatedHome:
    return SimulatedHome(
        site_id=f"site-{_uuid(seed, 'site', name)}", place=place, devices=tuple(devices), **has
    )


def _hub(seed: int, name: str, meanings: tuple[str, ...], model: str = "Battery 20") -> SimulatedDevice:
    return _device(seed, name, "battery_pack", meanings, maker="Lunar Energy", model=model)


_STREAMS = {  # meaning: suffix of the id, column that flows in, column that flows out
    "grid": ("GRID_METER_DERIVED", "from_grid", "to_grid"),
    "battery": ("bb_agg", "charged", "discharged"),
    "solar": ("PV_DERIVED", None, "solar"),
    "ev": ("EV_CHARGER", "ev", None),
    "relay": ("RELAY", "relay", None),
}


def _device(
    seed: int, name: str, kind: str, meanings: tuple[str, ...], *, maker: str, model: str
) -> SimulatedDevice:
    synth_id = _uuid(seed, kind, name)
    sensors = tuple(_sensor(synth_id, meaning, *_STREAMS[meaning]) for meaning in meanings)
    return SimulatedDevice(synth_id=synth_id, kind=kind, manufacturer=maker, model=model, sensors=sensors)


def _panel(seed: int, number: int, first: int) -> SimulatedDevice:
    synth_id, circuits = _uuid(seed, "panel", number), range(first, first + 19)
    return SimulatedDevice(
        synth_id=synth_id, kind="load_control_relay", manufacturer="Eaton", model="AbleEdge panel",
        sensors=tuple(_sensor(synth_id, "relay", f"BREAKER_{one:02d}", f"circuit_{one}") for one in circuits),
        panel=True,
    )  # fmt: skip


def _sensor(
    device_id: str, meaning: str, suffix: str, into: str | None, out_of: str | None = None
) -> SimulatedSensor:
    return SimulatedSensor(
        synth_id=f"{device_id}__{suffix}", device_id=device_id, meaning=meaning, into=into, out_of=out_of
    )


def _customer(seed: int, username: str, about: str, homes: Sequence[SimulatedHome]) -> Customer:
    return Customer(username=username, sub=_uuid(seed, "customer", username), about=about, homes=tuple(homes))


def respelled(customers: Iterable[Customer], spell: Callable[[str], str]) -> tuple[Customer, ...]:
    """Return the same customers with every id spelled otherwise; the contract says only that it is a text."""
    return tuple(
        replace(one, homes=tuple(_respelled(home, spell) for home in one.homes)) for one in customers
    )


def _respelled(home: SimulatedHome, spell: Callable[[str], str]) -> SimulatedHome:
    devices = (
        replace(
            device,
            synth_id=spell(device.synth_id),
            sensors=tuple(
                replace(one, synth_id=spell(one.synth_id), device_id=spell(one.device_id))
                for one in device.sensors
            ),
        )
        for device in home.devices
    )
    return replace(home, site_id=spell(home.site_id), devices=tuple(devices))


def _uuid(seed: int, *words: object) -> str:
    text = "/".join(str(word) for word in (seed, *words))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"gridshare-sandbox/{text}"))
