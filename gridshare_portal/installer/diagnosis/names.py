"""Names of devices, sensors and API operations on staff pages."""

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
    """Return a device's maker and model, else its kind, else its id, else, of blanks, a word."""
    named = f"{device.manufacturer} {device.model}".strip() or device.kind.strip() or device.synth_id.strip()
    return named or "Device"


def role(sensor: sites.Sensor) -> str:
    if sensor.role == sites.Role.UNKNOWN:
        return "Sensor of unknown use"
    return f"{sites.Role(sensor.role).label} sensor"


def sensor(sensor: sites.Sensor) -> str:
    """Name a sensor by what it measures, and its device."""
    what = role(sensor)
    return what if sensor.device is None else f"{what} of {device(sensor.device)}"


def part(kind: str) -> str:
    """Name a part of the tree that is neither a device nor a known sensor."""
    return "Home" if kind.casefold() == "site" else kind or "Part"


def operation(word: str) -> str:
    return OPERATIONS.get(word, word)
