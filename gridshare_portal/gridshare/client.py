"""Every operation of the Gridshare Customer API as one method, in the house's words on both sides."""

from __future__ import annotations

import copy
import functools
import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypedDict, TypeVar
from urllib.parse import urlsplit

import requests

from gridshare_portal.gridshare import errors, ids, plan_dialects, types, wire
from gridshare_portal.gridshare.http import calls, transport

T = TypeVar("T")

READS = {  # every operation that only reads, and where it is found
    "listSites": "/sites",
    "getSiteTopology": "/sites/{id}/topology",
    "listDevices": "/devices",
    "getDevice": "/devices/{id}",
    "getDeviceTelemetry": "/devices/{id}/telemetry",
    "getDeviceOperationMode": "/devices/{id}/{mode}",
    "getDeviceOverlayPlan": "/devices/{id}/plans/overlay",
}
_WRITES = {
    "patchDevice": "/devices/{id}",
    "setDeviceOperationMode": "/devices/{id}/{mode}",
    "setDeviceOverlayPlan": "/devices/{id}/plans/overlay",
}
QUARTER = timedelta(minutes=15)


class _Place(TypedDict):
    operation: str
    subject: str
    url: str


class Client:
    """The API on behalf of one customer.

    `token` returns an access token, and a new one when it is called with `force=True`; whatever it raises
    passes through untouched. `listener` hears how each call went, from whichever thread made it. A client is
    cheap, keeps no state and may be used from any thread.
    """

    def __init__(
        self,
        base_url: str,
        token: calls.Token,
        dialect: str = "published",
        *,
        deadline_s: float = 10.0,
        session: requests.Session | None = None,
        listener: calls.Listener | None = None,
    ) -> None:
        self._root = _checked(base_url) + "/api/v2"
        self._token = token
        self._dialect = wire.DIALECTS[dialect]
        self._deadline_s = deadline_s
        self._session = session
        self._listener = listener

    def within(self, deadline_s: float) -> Client:
        """Return the same client with another deadline for each call."""
        other = copy.copy(self)
        other._deadline_s = deadline_s
        return other

    def list_sites(self) -> tuple[types.SiteItem, ...]:
        """Return the sites that the customer may reach."""
        return self._get("listSites", wire.sites)

    def get_site_topology(self, site_id: str) -> types.Topology:
        """Return the electrical tree of a site."""
        return self._get("getSiteTopology", wire.topology, site_id)

    def list_devices(self) -> tuple[types.DeviceItem, ...]:
        """Return the devices that the customer may reach."""
        return self._get("listDevices", wire.devices)

    def get_device(self, synth_id: str) -> types.Device:
        """Return a device's static properties."""
        return self._get("getDevice", functools.partial(wire.device, asked=synth_id), synth_id)

    def patch_device(self, synth_id: str, *, changes: Mapping[str, str]) -> None:
        """Change a device's manufacturer, model or serial_number, and only those given."""
        place = self._place("patchDevice", synth_id)
        self._send("PATCH", place, _nothing, wire.details(synth_id, changes))

    def get_device_telemetry(
        self,
        synth_id: str,
        *,
        start: datetime,
        end: datetime,
        bucket: timedelta = QUARTER,
        include: tuple[str, ...] = ("default", "energy"),
    ) -> tuple[types.Reading, ...]:
        """Return a sensor's buckets that start within [start, end); a bucket nobody has is absent."""
        read = functools.partial(wire.readings, start=start, end=end)
        query = self._dialect.window(start, end, bucket, tuple(include))
        return self._get("getDeviceTelemetry", read, synth_id, query)

    def get_device_operation_mode(self, synth_id: str) -> types.Mode:
        """Return the operation mode as the device has it now."""
        return self._get("getDeviceOperationMode", wire.mode, synth_id)

    def set_device_operation_mode(self, synth_id: str, *, mode: str) -> types.Mode | None:
        """Ask for another operation mode, and return the one in the answer, if it names one."""
        place = self._place("setDeviceOperationMode", synth_id)
        return self._send("PUT", place, wire.mode_if_any, self._dialect.mode(mode))

    def get_device_overlay_plan(self, synth_id: str) -> types.Plan:
        """Return the overlay plan as the device has it now."""
        return self._get("getDeviceOverlayPlan", wire.plan, synth_id)

    def set_device_overlay_plan(self, synth_id: str, *, plan: types.Plan) -> None:
        """Replace the overlay plan; a plan without commands deletes it."""
        place = self._place("setDeviceOverlayPlan", synth_id)
        try:
            body = self._dialect.plan(plan, now=datetime.now(UTC))
        except plan_dialects.NotExpressible as error:
            raise errors.Unprocessable(place["operation"], message=str(error)) from None
        self._send("PUT", place, _nothing, body)

    def fetch(
        self, operation: str, subject: str = "", *, start: datetime | None = None, end: datetime | None = None
    ) -> calls.Came:
        """Return the answer of an operation that reads as it came, without the token."""
        if operation not in READS:
            raise ValueError(f"{operation} is no operation that reads")
        query: dict[str, str] = {}
        if start is not None and end is not None:
            query = self._dialect.window(start, end, QUARTER, ("default", "energy"))
        call = calls.Call(method="GET", query=query, **self._place(operation, subject))
        return transport.fetch(
            call, self._token, deadline_s=self._deadline_s, session=self._session, listener=self._listener
        )

    def _place(self, operation: str, subject: str = "") -> _Place:
        """Say what is asked about whom, and where; an id that could lead elsewhere is refused."""
        below = {**READS, **_WRITES}[operation]
        path = below.format(
            id=ids.in_path(operation, subject) if "{id}" in below else "", mode=self._dialect.mode_path
        )
        return {"operation": operation, "subject": subject, "url": self._root + path}

    def _get(
        self,
        operation: str,
        read: Callable[[object], T],
        subject: str = "",
        query: dict[str, str] | None = None,
    ) -> T:
        call = calls.Call(method="GET", query=query or {}, **self._place(operation, subject))
        return self._make(call, read)

    def _send(self, method: str, place: _Place, read: Callable[[object], T], body: object) -> T:
        return self._make(calls.Call(method=method, body=body, **place), read)

    def _make(self, call: calls.Call, read: Callable[[object], T]) -> T:
        return transport.send(
            call,
            self._token,
            read=read,
            deadline_s=self._deadline_s,
            session=self._session,
            listener=self._listener,
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
