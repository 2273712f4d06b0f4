"""What devices, sensors and operations are called on staff pages: as people say it, the id beside it."""

from __future__ import annotations

from gridshare_portal.sites import models as sites

OPERATIONS = {
    "listSites": "List of homes",
    "getSiteTopology": "Tree of the home",
    "listDevices": "List of devices",
    "getDevice": "Details of a device",
    "getDeviceTelemetry": "Readings",
    "getDeviceOperationMode": "Mode",
    "getDeviceOverlayPlan": "Plan",
    "patchDevice": "Change of details",
    "setDeviceOperationMode": "Change of mode",
    "setDeviceOverlayPlan": "Change of plan",
}


def device(device: sites.Device) -> str:
    """Say what a device is called: maker and model where known, else its kind, else its id."""
    return f"{device.manufacturer} {device.model}".strip() or device.kind or device.synth_id


def role(sensor: sites.Sensor) -> str:
    """Say what a sensor is by what it measures."""
    if sensor.role == sites.Role.UNKNOWN:
        return "Sensor of unknown use"
    return f"{sites.Role(sensor.role).label} sensor"


def sensor(sensor: sites.Sensor) -> str:
    """Say what a sensor is called: what it measures, and of which device."""
    what = role(sensor)
    return what if sensor.device is None else f"{what} of {device(sensor.device)}"


def part(kind: str) -> str:
    """Say what a part of the tree is that is neither a device nor a sensor we know."""
    return "Home" if kind.casefold() == "site" else kind or "Part"


def operation(word: str) -> str:
    """Say an operation of the API in plain words."""
    return OPERATIONS.get(word, word)
