"""Every operation of the Gridshare Customer API as one method, in the house's words on both sides."""

from __future__ import annotations

import copy
import functools
import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from gridshare_portal.gridshare import errors, ids, plan_forms, transport, types, wire

T = TypeVar("T")


class Client:
    """The API on behalf of one customer.

    `token` returns an access token, and a new one when it is called with `force=True`; whatever it raises
    passes through untouched. A client is cheap, keeps no state and may be used from any thread.
    """

    def __init__(
        self,
        base_url: str,
        token: transport.Token,
        dialect: str = "published",
        *,
        deadline_s: float = 10.0,
        session: requests.Session | None = None,
    ) -> None:
        self._root = _checked(base_url) + "/api/v2"
        self._token = token
        self._dialect = wire.DIALECTS[dialect]
        self._deadline_s = deadline_s
        self._session = session

    def within(self, deadline_s: float) -> Client:
        """Return the same client with another deadline for each call."""
        other = copy.copy(self)
        other._deadline_s = deadline_s
        return other

    def list_sites(self) -> tuple[types.SiteItem, ...]:
        """Return the sites that the customer may reach."""
        return self._get("listSites", "/sites", wire.sites)

    def get_site_topology(self, site_id: str) -> types.Topology:
        """Return the electrical tree of a site."""
        operation = "getSiteTopology"
        return self._get(operation, f"/sites/{ids.in_path(operation, site_id)}/topology", wire.topology)

    def list_devices(self) -> tuple[types.DeviceItem, ...]:
        """Return the devices that the customer may reach."""
        return self._get("listDevices", "/devices", wire.devices)

    def get_device(self, synth_id: str) -> types.Device:
        """Return a device's static properties."""
        read = functools.partial(wire.device, asked=synth_id)
        return self._get("getDevice", self._device("getDevice", synth_id), read)

    def patch_device(self, synth_id: str, *, changes: Mapping[str, str]) -> None:
        """Change a device's manufacturer, model or serial_number, and only those given."""
        path = self._device("patchDevice", synth_id)
        self._send("patchDevice", "PATCH", path, _nothing, wire.details(synth_id, changes))

    def get_device_telemetry(
        self,
        synth_id: str,
        *,
        start: datetime,
        end: datetime,
        bucket: timedelta = timedelta(minutes=15),
        include: tuple[str, ...] = ("default", "energy"),
    ) -> tuple[types.Reading, ...]:
        """Return a sensor's buckets that start within [start, end); a bucket nobody has is absent."""
        operation = "getDeviceTelemetry"
        read = functools.partial(wire.readings, start=start, end=end)
        query = self._dialect.window(start, end, bucket, tuple(include))
        return self._get(operation, self._device(operation, synth_id, "/telemetry"), read, query)

    def get_device_operation_mode(self, synth_id: str) -> types.Mode:
        """Return the operation mode as the device has it now."""
        operation = "getDeviceOperationMode"
        return self._get(
            operation, self._device(operation, synth_id, f"/{self._dialect.mode_path}"), wire.mode
        )

    def set_device_operation_mode(self, synth_id: str, *, mode: str) -> types.Mode | None:
        """Ask for another operation mode, and return the one in the answer, if it names one."""
        operation = "setDeviceOperationMode"
        path = self._device(operation, synth_id, f"/{self._dialect.mode_path}")
        return self._send(operation, "PUT", path, wire.mode_if_any, self._dialect.mode(mode))

    def get_device_overlay_plan(self, synth_id: str) -> types.Plan:
        """Return the overlay plan as the device has it now."""
        operation = "getDeviceOverlayPlan"
        return self._get(operation, self._device(operation, synth_id, "/plans/overlay"), wire.plan)

    def set_device_overlay_plan(self, synth_id: str, *, plan: types.Plan) -> None:
        """Replace the overlay plan; a plan without commands deletes it."""
        operation = "setDeviceOverlayPlan"
        path = self._device(operation, synth_id, "/plans/overlay")
        try:
            body = self._dialect.plan(plan, now=datetime.now(UTC))
        except plan_forms.NotExpressible as error:
            raise errors.Unprocessable(operation, message=str(error)) from None
        self._send(operation, "PUT", path, _nothing, body)

    def _device(self, operation: str, synth_id: str, below: str = "") -> str:
        return f"/devices/{ids.in_path(operation, synth_id)}{below}"

    def _get(self, operation: str, path: str, read: Callable[[Any], T], query: dict | None = None) -> T:
        call = transport.Call(operation=operation, method="GET", url=self._root + path, query=query or {})
        return self._make(call, read)

    def _send(self, operation: str, method: str, path: str, read: Callable[[Any], T], body: object) -> T:
        return self._make(
            transport.Call(operation=operation, method=method, url=self._root + path, body=body), read
        )

    def _make(self, call: transport.Call, read: Callable[[Any], T]) -> T:
        return transport.send(
            call, self._token, read=read, deadline_s=self._deadline_s, session=self._session
        )


def _checked(base_url: str) -> str:
    """Return the address without its last slash, unless a token sent there could be overheard."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise ValueError("the API's address must look like https://host")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("tokens are sent in the clear only to this machine: use https")
    return base_url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _nothing(answer: object) -> None:
    """Read nothing: the answer to this write says nothing beyond that it was taken."""
