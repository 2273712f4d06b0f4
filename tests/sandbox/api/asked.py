"""Every operation, asked about one home."""


def paths(home, device):
    sensor = device.sensors[0]
    return {
        "listSites": ("GET", "/api/v2/sites"),
        "getSiteTopology": ("GET", f"/api/v2/sites/{home.site_id}/topology"),
        "listDevices": ("GET", "/api/v2/devices"),
        "getDevice": ("GET", f"/api/v2/devices/{device.synth_id}"),
        "patchDevice": ("PATCH", f"/api/v2/devices/{device.synth_id}"),
        "getDeviceTelemetry": ("GET", f"/api/v2/devices/{sensor.synth_id}/telemetry"),
        "getDeviceOperationMode": ("GET", f"/api/v2/devices/{device.synth_id}/operationmode"),
        "setDeviceOperationMode": ("PUT", f"/api/v2/devices/{device.synth_id}/operationmode"),
        "getDeviceOverlayPlan": ("GET", f"/api/v2/devices/{device.synth_id}/plans/overlay"),
        "setDeviceOverlayPlan": ("PUT", f"/api/v2/devices/{device.synth_id}/plans/overlay"),
    }


def bodies(device):
    return {
        "patchDevice": {"synthId": device.synth_id},
        "setDeviceOperationMode": {"mode": "Simple"},
        "setDeviceOverlayPlan": {"commands": []},
    }


def ask(caller, operation, home, device, **how):
    method, path = paths(home, device)[operation]
    how.setdefault("json", bodies(device).get(operation))
    return caller.session.request(method, f"{caller.sandbox.url}{path}", timeout=10, **how)
