"""Customers, homes, devices and sensors, and what is counted of them."""

from __future__ import annotations

from dataclasses import dataclass

from gridshare_portal.sandbox.simulation.physics import Battery, Place


@dataclass(frozen=True, kw_only=True)
class SimulatedSensor:
    """One stream: which column of the home flows into it, which out of it (None: never)."""

    synth_id: str
    device_id: str
    meaning: str
    into: str | None
    out_of: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        level = ("stateOfCharge_pct",) if self.meaning == "battery" else ()
        return ("power_W", "voltage_V", "current_A", *level, "energy_Wh_increment", "energy_Wh_decrement")


@dataclass(frozen=True, kw_only=True)
class SimulatedDevice:
    """A device as it left the factory."""

    synth_id: str
    kind: str
    manufacturer: str
    model: str
    sensors: tuple[SimulatedSensor, ...]
    panel: bool = False

    @property
    def serial_number(self) -> str:
        return f"SN-{self.synth_id[:8].upper()}"

    @property
    def has_modes(self) -> bool:
        return self.kind == "battery_pack"

    @property
    def takes_plans(self) -> bool:
        return self.has_modes or (self.kind == "load_control_relay" and not self.panel)

    @property
    def main_sensor(self) -> SimulatedSensor | None:
        """The stream that stands for the whole device, if there is one."""
        meanings = {"battery_pack": "battery", "inverter": "solar", "PV": "solar", "meter": "grid"}
        wanted = meanings.get(self.kind)
        found = [sensor for sensor in self.sensors if wanted in (None, sensor.meaning)]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, kw_only=True)
class SimulatedHome:
    """One site: where it is, what it has, and the battery's first mode."""

    site_id: str
    place: Place
    devices: tuple[SimulatedDevice, ...]
    size: float = 1.0
    solar_peak_w: float = 0.0
    battery: Battery | None = None
    first_mode: str = "Simple"
    vehicle_w: float = 0.0
    hot_water_w: float = 0.0
    circuits: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all that is counted in this home, in order."""
        loads = [f"circuit_{number}" for number in range(1, self.circuits + 1)]
        return (*COLUMNS, *loads)

    @property
    def sensors(self) -> tuple[SimulatedSensor, ...]:
        return tuple(sensor for device in self.devices for sensor in device.sensors)

    @property
    def own_battery(self) -> Battery:
        """The battery of a home that has one, as every home with a battery pack does."""
        if self.battery is None:
            raise ValueError(f"there is no battery in {self.site_id}")
        return self.battery

    def device_with(self, meaning: str) -> SimulatedDevice | None:
        return next((d for d in self.devices if any(s.meaning == meaning for s in d.sensors)), None)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A login, with the homes it reaches."""

    username: str
    sub: str
    about: str
    homes: tuple[SimulatedHome, ...]


# Counted over a life in Wh; "stored" is the level summed over time (Wh x h), for its average.
COLUMNS = ("solar", "from_grid", "to_grid", "charged", "discharged", "home", "ev", "relay", "stored")
