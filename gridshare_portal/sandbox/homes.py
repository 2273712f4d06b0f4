"""Who the demo customers are and what stands in their homes: sites, devices, sensors and their ids.

Ids are made from the seed, so that two sandboxes with one seed have the same homes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gridshare_portal.sandbox.physics import Battery, Place

SAN_FRANCISCO = Place(
    name="San Francisco", zone=ZoneInfo("America/Los_Angeles"), latitude=37.77, longitude=-122.42
)
SACRAMENTO = Place(name="Sacramento", zone=ZoneInfo("America/Los_Angeles"), latitude=38.58, longitude=-121.49)
TAHOE = Place(name="Lake Tahoe", zone=ZoneInfo("America/Los_Angeles"), latitude=39.10, longitude=-120.03)
AUSTIN = Place(name="Austin", zone=ZoneInfo("America/Chicago"), latitude=30.27, longitude=-97.74)
PONCE = Place(name="Ponce", zone=ZoneInfo("America/Puerto_Rico"), latitude=18.01, longitude=-66.61)
HONOLULU = Place(name="Honolulu", zone=ZoneInfo("Pacific/Honolulu"), latitude=21.31, longitude=-157.86)

COUNTERS = ("energy_Wh_increment", "energy_Wh_decrement")
FLOW_CHANNELS = ("power_W", "voltage_V", "current_A", *COUNTERS)
BATTERY_CHANNELS = ("power_W", "voltage_V", "current_A", "stateOfCharge_pct", *COUNTERS)


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """One stream: which column of the home flows into it, which out of it (None: never)."""

    synth_id: str
    device_id: str
    meaning: str
    into: str | None
    out_of: str | None
    channels: tuple[str, ...] = FLOW_CHANNELS


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device as it left the factory; `has_modes` and `takes_plans` say what can be asked of it."""

    synth_id: str
    kind: str
    manufacturer: str
    model: str
    serial_number: str
    sensors: tuple[Sensor, ...]
    panel: bool = False

    @property
    def has_modes(self) -> bool:
        """Say whether the device has an operation mode."""
        return self.kind == "battery_pack"

    @property
    def takes_plans(self) -> bool:
        """Say whether the device follows overlay plans."""
        return self.has_modes or (self.kind == "load_control_relay" and not self.panel)

    @property
    def main_sensor(self) -> Sensor | None:
        """Return the stream that stands for the whole device, if there is one."""
        wanted = {"battery_pack": "battery", "inverter": "solar", "PV": "solar", "meter": "grid"}.get(
            self.kind
        )
        found = [sensor for sensor in self.sensors if wanted in (None, sensor.meaning)]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Home:
    """One site: where it stands, what it has, and how the battery was set when it was put in."""

    site_id: str
    place: Place
    devices: tuple[Device, ...]
    size: float = 1.0
    solar_peak_w: float = 0.0
    battery: Battery | None = None
    first_mode: str = "Simple"
    vehicle_w: float = 0.0
    hot_water_w: float = 0.0
    circuits: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of all that is counted in this home, in order."""
        loads = [f"circuit_{number}" for number in range(1, self.circuits + 1)]
        return (*COLUMNS, *loads)

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Return every sensor of the home."""
        return tuple(sensor for device in self.devices for sensor in device.sensors)

    def device_with(self, meaning: str) -> Device | None:
        """Return the device that a battery, relay or other meaning belongs to."""
        return next((d for d in self.devices if any(s.meaning == meaning for s in d.sensors)), None)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Somebody who can sign in, with the homes this login reaches."""

    username: str
    sub: str
    about: str
    homes: tuple[Home, ...]


# Counted over a life in Wh; "stored" is the level summed over time (Wh x h), for its average.
COLUMNS = ("solar", "from_grid", "to_grid", "charged", "discharged", "home", "ev", "relay", "stored")

LUNAR_20 = Battery(capacity_wh=20_000, power_limit_w=9_600, efficiency=0.90, reserve=0.10)
LUNAR_15 = Battery(capacity_wh=15_000, power_limit_w=5_000, efficiency=0.88, reserve=0.10)
SMALL = Battery(capacity_wh=4_000, power_limit_w=2_400, efficiency=0.86, reserve=0.05)


def customers(count: int, *, seed: int) -> tuple[Customer, ...]:
    """Return the first customers of the cast, and the co-owner of the first one's home."""
    cast = [
        _MAKERS[number](seed, number) if number < 6 else _another(seed, number) for number in range(count)
    ]
    if cast:
        shared = _customer(seed, "cora", "shares ada's home with her", cast[0].homes)
        cast.insert(1, shared)
    return tuple(cast)


def _ada(seed: int, number: int) -> Customer:
    return _customer(seed, "ada", "solar and a battery in San Francisco", (_classic(seed, "ada"),))


def _ben(seed: int, number: int) -> Customer:
    return _customer(
        seed, "ben", "two homes, one with a vehicle and a water heater", (_full(seed), _cabin(seed))
    )


def _cleo(seed: int, number: int) -> Customer:
    home = _home(
        seed, "cleo", AUSTIN, [_hub(seed, "cleo", SMALL, ("grid", "battery"), model="Battery 4")],
        battery=SMALL, first_mode="Schedule", size=1.6,
    )  # fmt: skip
    return _customer(seed, "cleo", "a small battery without solar in Austin", (home,))


def _dev(seed: int, number: int) -> Customer:
    inverter = _device(seed, "dev", "inverter", ("grid", "solar"), maker="SolarEdge", model="SE7600H")
    home = _home(seed, "dev", PONCE, [inverter], solar_peak_w=7_200, size=1.8)
    return _customer(seed, "dev", "solar without a battery in Ponce", (home,))


def _eve(seed: int, number: int) -> Customer:
    return _customer(seed, "eve", "a login that reaches no home yet", ())


def _finn(seed: int, number: int) -> Customer:
    panels = [_panel(seed, number, first) for number, first in enumerate((1, 20, 39), start=1)]
    hub = _hub(seed, "finn", LUNAR_20, ("grid", "battery", "solar"))
    home = _home(
        seed, "finn", HONOLULU, [hub, *panels], battery=LUNAR_20, solar_peak_w=11_000, size=2.6, circuits=57
    )
    return _customer(seed, "finn", "a home with 60 sensors in Honolulu", (home,))


def _another(seed: int, number: int) -> Customer:
    name = f"home{number + 1:04d}"
    return _customer(seed, name, "solar and a battery in San Francisco", (_classic(seed, name),))


_MAKERS = (_ada, _ben, _cleo, _dev, _eve, _finn)


def _classic(seed: int, name: str) -> Home:
    hub = _hub(seed, name, LUNAR_20, ("grid", "battery", "solar"))
    return _home(seed, name, SAN_FRANCISCO, [hub], battery=LUNAR_20, solar_peak_w=8_200, size=2.2)


def _full(seed: int) -> Home:
    devices = [
        _hub(seed, "ben", LUNAR_15, ("grid", "battery"), model="Battery 15"),
        _device(seed, "ben", "PV", ("solar",), maker="Enphase", model="IQ8"),
        _device(seed, "ben", "EV", ("ev",), maker="Wallbox", model="Pulsar Plus"),
        _device(seed, "ben", "load_control_relay", ("relay",), maker="Eaton", model="AbleEdge BR"),
    ]
    return _home(
        seed, "ben", SACRAMENTO, devices, battery=LUNAR_15, solar_peak_w=9_500, first_mode="Smart", size=2.0,
        vehicle_w=7_200, hot_water_w=3_000,
    )  # fmt: skip


def _cabin(seed: int) -> Home:
    devices = [
        _device(seed, "ben-cabin", "meter", ("grid",), maker="Landis+Gyr", model="E360"),
        _device(seed, "ben-cabin", "load_control_relay", ("relay",), maker="Eaton", model="AbleEdge BR"),
    ]
    return _home(seed, "ben-cabin", TAHOE, devices, size=0.6, hot_water_w=2_000)


def _home(seed: int, name: str, place: Place, devices: list[Device], **has: object) -> Home:
    return Home(site_id=f"site-{_uuid(seed, 'site', name)}", place=place, devices=tuple(devices), **has)


def _hub(
    seed: int, name: str, battery: Battery, meanings: tuple[str, ...], model: str = "Battery 20"
) -> Device:
    return _device(seed, name, "battery_pack", meanings, maker="Lunar Energy", model=model)


_STREAMS = {  # meaning: suffix of the id, column that flows in, column that flows out
    "grid": ("GRID_METER_DERIVED", "from_grid", "to_grid"),
    "battery": ("bb_agg", "charged", "discharged"),
    "solar": ("PV_DERIVED", None, "solar"),
    "ev": ("EV_CHARGER", "ev", None),
    "relay": ("RELAY", "relay", None),
}


def _device(seed: int, name: str, kind: str, meanings: tuple[str, ...], *, maker: str, model: str) -> Device:
    synth_id = _uuid(seed, kind, name)
    sensors = []
    for meaning in meanings:
        suffix, into, out_of = _STREAMS[meaning]
        channels = BATTERY_CHANNELS if meaning == "battery" else FLOW_CHANNELS
        sensors.append(
            Sensor(
                synth_id=f"{synth_id}__{suffix}", device_id=synth_id, meaning=meaning,
                into=into, out_of=out_of, channels=channels,
            )
        )  # fmt: skip
    return _made(synth_id, kind, maker, model, sensors)


def _panel(seed: int, number: int, first: int) -> Device:
    synth_id = _uuid(seed, "panel", number)
    sensors = [
        Sensor(
            synth_id=f"{synth_id}__BREAKER_{circuit:02d}", device_id=synth_id, meaning="relay",
            into=f"circuit_{circuit}", out_of=None,
        )
        for circuit in range(first, first + 19)
    ]  # fmt: skip
    return _made(synth_id, "load_control_relay", "Eaton", "AbleEdge panel", sensors, panel=True)


def _made(
    synth_id: str, kind: str, maker: str, model: str, sensors: list[Sensor], panel: bool = False
) -> Device:
    serial = f"SN-{synth_id[:8].upper()}"
    return Device(
        synth_id=synth_id, kind=kind, manufacturer=maker, model=model, serial_number=serial,
        sensors=tuple(sensors), panel=panel,
    )  # fmt: skip


def _customer(seed: int, username: str, about: str, homes: tuple[Home, ...]) -> Customer:
    return Customer(username=username, sub=_uuid(seed, "customer", username), about=about, homes=homes)


def _uuid(seed: int, *words: object) -> str:
    text = "/".join(str(word) for word in (seed, *words))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"gridshare-sandbox/{text}"))
