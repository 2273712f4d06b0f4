"""Every operation of the Gridshare Customer API as one method, in the portal's words on both sides."""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from gridshare_portal.gridshare import errors, ids, plan_dialects, types, wire
from gridshare_portal.gridshare.http import calls, transport
from gridshare_portal.outbound import addresses

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_NAMED = 5  # of the entries of one answer that could not be used
DEADLINE_S = 10.0  # of a call with all its attempts
_BUCKET = timedelta(minutes=15)

PATHS = {  # every operation: its method, and where it is found
    "listSites": ("GET", "/sites"),
    "getSiteTopology": ("GET", "/sites/{id}/topology"),
    "listDevices": ("GET", "/devices"),
    "getDevice": ("GET", "/devices/{id}"),
    "patchDevice": ("PATCH", "/devices/{id}"),
    "getDeviceTelemetry": ("GET", "/devices/{id}/telemetry"),
    "getDeviceOperationMode": ("GET", "/devices/{id}/{mode}"),
    "setDeviceOperationMode": ("PUT", "/devices/{id}/{mode}"),
    "getDeviceOverlayPlan": ("GET", "/devices/{id}/plans/overlay"),
    "setDeviceOverlayPlan": ("PUT", "/devices/{id}/plans/overlay"),
}


class Client:
    """The API on behalf of one customer.

    `token` returns an access token, and a new one when it is called with `force=True`; whatever it raises
    passes through. `listener` gets a `calls.Heard` for each call, from whichever thread made it. Every method
    raises GridshareError (see `errors`) when the call fails. Telemetry from before `reads_from` is neither
    asked for nor returned. A client is cheap, keeps no state and may be used from any thread.
    """

    def __init__(
        self,
        base_url: str,
        token: calls.Token,
        dialect: str = "published",
        *,
        deadline_s: float = DEADLINE_S,
        session: requests.Session | None = None,
        listener: calls.Listener | None = None,
        reads_from: datetime | None = None,
    ) -> None:
        self._root = _checked(base_url) + "/api/v2"
        self._token = token
        self._dialect = wire.DIALECTS[dialect]
        self._deadline_s = deadline_s
        self._session = session
        self._listener = listener
        self._reads_from = reads_from

    def within(self, deadline_s: float) -> Client:
        """Return the same client with another deadline for each call."""
        other = copy.copy(self)
        other._deadline_s = deadline_s
        return other

    def speaking(self, dialect: str) -> Client:
        """Return the same client with another dialect."""
        other = copy.copy(self)
        other._dialect = wire.DIALECTS[dialect]
        return other

    def list_sites(self) -> types.Usable[str]:
        """Return the ids of the sites that the customer may reach."""
        return self._make(self._call("listSites"), wire.sites)

    def get_site_topology(self, site_id: str) -> types.Topology:
        """Return the electrical tree of a site."""
        return self._make(self._call("getSiteTopology", site_id), wire.topology)

    def list_devices(self) -> types.Usable[str]:
        """Return the ids of the devices that the customer may reach."""
        return self._make(self._call("listDevices"), wire.devices)

    def get_device(self, synth_id: str) -> types.Device:
        """Return a device's static properties."""
        read = functools.partial(wire.device, requested=synth_id)
        return self._make(self._call("getDevice", synth_id), read)

    def patch_device(self, synth_id: str, *, changes: Mapping[str, str]) -> None:
        """Change a device's manufacturer, model or serial_number, and only those given."""
        self._send("patchDevice", synth_id, wire.details(synth_id, changes), _nothing)

    def get_device_telemetry(
        self, synth_id: str, *, start: datetime, end: datetime
    ) -> types.Usable[types.Reading]:
        """Return a sensor's buckets that are stamped within [start, end], in order, as they came.

        15-minute buckets that start before the end are asked for; `telemetry.meaning` knows what came. A
        bucket that the API does not have is absent.
        """
        start = self._from(start)
        if start >= end:
            return types.Usable()
        call = self._call("getDeviceTelemetry", synth_id, query=self._dialect.window(start, end))
        return self._make(call, functools.partial(wire.readings, start=start, end=end))

    def get_device_operation_mode(self, synth_id: str) -> types.Mode:
        """Return the operation mode as the device has it now."""
        return self._make(self._call("getDeviceOperationMode", synth_id), wire.mode)

    def set_device_operation_mode(self, synth_id: str, *, mode: str) -> types.Mode | None:
        """Request another operation mode; return the one in the answer, if it names one."""
        return self._send("setDeviceOperationMode", synth_id, self._dialect.mode(mode), wire.mode_if_any)

    def get_device_overlay_plan(self, synth_id: str) -> types.Plan:
        """Return the overlay plan as the device has it now.

        A service may answer "not found" for a device without a plan. So it is asked for the device itself,
        and where that is found, there is no plan; else NotFound is raised.
        """
        try:
            return self._make(self._call("getDeviceOverlayPlan", synth_id), wire.plan)
        except errors.NotFound:
            if not self._is_there(synth_id):
                raise
        return types.Plan()

    def _is_there(self, synth_id: str) -> bool:
        try:
            self.get_device(synth_id)
        except errors.GridshareError:
            return False
        return True

    def set_device_overlay_plan(self, synth_id: str, *, plan: types.Plan) -> None:
        """Replace the overlay plan; a plan without commands deletes it.

        Raises NotExpressible, with nothing sent, for a plan that the dialect cannot express.
        """
        operation = "setDeviceOverlayPlan"
        try:
            body = self._dialect.plan(plan, now=datetime.now(UTC))
        except plan_dialects.NotExpressible as error:
            raise errors.NotExpressible(operation, message=str(error)) from None
        self._send(operation, synth_id, body, _nothing)

    def fetch(
        self,
        operation: str,
        subject: str = "",
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        query: Mapping[str, str] | None = None,
    ) -> calls.Came:
        """Return the raw answer of a read operation, without the token; ValueError for another operation.

        A window is asked for in the dialect's words, and `query` as it is given.
        """
        if operation not in PATHS or PATHS[operation][0] != "GET":
            raise ValueError(f"{operation} is no operation that reads")
        window: dict[str, str] = {}
        if start is not None and end is not None:
            window = self._dialect.window(min(self._from(start), end), end)
        return transport.fetch(
            self._call(operation, subject, query=window | dict(query or {})),
            self._token,
            deadline_s=self._deadline_s,
            session=self._session,
            listener=self._listener,
        )

    def _from(self, start: datetime) -> datetime:
        """Return when a window may begin: no bucket in it began before this client may read."""
        first = self._reads_from
        if first is None or start >= first:
            return start
        return first + (datetime.min.replace(tzinfo=UTC) - first) % _BUCKET

    def _call(
        self, operation: str, subject: str = "", *, query: dict[str, str] | None = None, body: object = None
    ) -> calls.Call:
        """Build a call; an id that could lead to another path is refused with BadId."""
        method, path = PATHS[operation]
        quoted = ids.in_path(operation, subject) if "{id}" in path else ""
        url = self._root + path.format(id=quoted, mode=self._dialect.mode_path)
        return calls.Call(
            operation=operation, method=method, url=url, subject=subject, query=query or {}, body=body
        )

    def _send(self, operation: str, synth_id: str, body: object, read: Callable[[object], T]) -> T:
        """Make a call that writes; the test of the one write path knows writing methods by this name."""
        return self._make(self._call(operation, synth_id, body=body), read)

    def _make(self, call: calls.Call, read: Callable[[object], T]) -> T:
        answer = transport.send(
            call,
            self._token,
            read=read,
            deadline_s=self._deadline_s,
            session=self._session,
            listener=self._listener,
        )
        if isinstance(answer, types.Usable | types.Topology | types.Plan):
            _name(call.operation, answer.unusable)
        return answer


def _checked(base_url: str) -> str:
    """Return the base URL without its last slash; ValueError where a token sent there could be overheard."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise ValueError("the API's address must look like https://host")
    if parts.scheme == "http" and not addresses.is_loopback(parts.hostname):
        raise ValueError("tokens are sent in the clear only to this machine: use https")
    return base_url.rstrip("/")


def _name(operation: str, unusable: Sequence[types.Unusable]) -> None:
    """Log which fields of an answer could not be used, and never what stood in them."""
    for one in unusable[:MOST_NAMED]:
        logger.warning("%s: %s %s, so this entry is left out", operation, one.where, one.why)
    if len(unusable) > MOST_NAMED:
        logger.warning("%s: %d more entries are left out", operation, len(unusable) - MOST_NAMED)


def _nothing(answer: object) -> None:
    """Ignore the answer: to this write it says nothing beyond that it was taken."""
