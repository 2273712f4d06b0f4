"""The tree of a site, in the published and in the live spelling; live ones know more kinds of nodes."""

from __future__ import annotations

from gridshare_portal.sandbox.simulation.homes import SimulatedDevice, SimulatedHome, SimulatedSensor

_LIVE_CHANNELS = {"stateOfCharge_pct": "soc_percent", "voltage_V": None, "current_A": None}
LIVE_KINDS = {"inverter": "interver"}  # the vendor's own spelling


def tree(home: SimulatedHome, *, dialect: str, compact: bool = True) -> dict[str, object]:
    children = [_device(home, device, live=dialect == "live", compact=compact) for device in home.devices]
    return {"root": {"id": home.site_id, "kind": "site", "channels": [], "children": children}}


def _device(home: SimulatedHome, device: SimulatedDevice, *, live: bool, compact: bool) -> dict[str, object]:
    kind = LIVE_KINDS.get(device.kind, device.kind) if live else "device"
    nodes = [_sensor(home, sensor, live=live, compact=compact) for sensor in device.sensors]
    return {"id": device.synth_id, "kind": kind, "channels": [], "children": nodes}


def _sensor(home: SimulatedHome, sensor: SimulatedSensor, *, live: bool, compact: bool) -> dict[str, object]:
    channels = [_LIVE_CHANNELS.get(name, name) if live else name for name in sensor.channels]
    node: dict[str, object] = {"id": sensor.synth_id, "kind": "sensor"}
    node["channels"] = [name for name in channels if name] + (["state"] if live else [])
    node["children"] = []
    if sensor.meaning == "battery":
        battery = home.own_battery
        node |= {"maxCapacity_J": battery.capacity_wh * 3600, "maxPower_W": battery.power_limit_w}
        if live and not compact:
            ids = [f"{sensor.device_id}__bms_{number}" for number in range(1, 5)]
            node["children"] = [{"id": one, "kind": "bms", "channels": [], "children": []} for one in ids]
    return node
