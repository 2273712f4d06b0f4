"""The ten operations of the Gridshare Customer API: wire in, wire out, in both dialects.

A call is checked for a token, then for the scope, then for whose id it is, and only then for what it sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from gridshare_portal.sandbox.api import parsing, plans, telemetry, topology
from gridshare_portal.sandbox.api.faults import Fault
from gridshare_portal.sandbox.api.misreadings.answers import Misreadings
from gridshare_portal.sandbox.login.grants import Pool
from gridshare_portal.sandbox.simulation.homes import (
    Customer,
    SimulatedDevice,
    SimulatedHome,
    SimulatedSensor,
)
from gridshare_portal.sandbox.simulation.strategy import SMART_SMALLEST_WH
from gridshare_portal.sandbox.simulation.world import World

_ROUTES = (  # operation, scope, method and path; "mode" is spelled as the dialect spells it
    ("listSites", "lunar/device.read", "GET", "/sites"),
    ("getSiteTopology", "lunar/device.read", "GET", "/sites/<site_id>/topology"),
    ("listDevices", "lunar/device.read", "GET", "/devices"),
    ("getDevice", "lunar/device.read", "GET", "/devices/<synth_id>"),
    ("patchDevice", "lunar/device.write", "PATCH", "/devices/<synth_id>"),
    ("getDeviceTelemetry", "lunar/device.read", "GET", "/devices/<synth_id>/telemetry"),
    ("getDeviceOperationMode", "lunar/device.read", "GET", "/devices/<synth_id>/mode"),
    ("setDeviceOperationMode", "lunar/device.write", "PUT", "/devices/<synth_id>/mode"),
    ("getDeviceOverlayPlan", "lunar/plan.read", "GET", "/devices/<synth_id>/plans/overlay"),
    ("setDeviceOverlayPlan", "lunar/plan.write", "PUT", "/devices/<synth_id>/plans/overlay"),
)
SCOPES = {operation: scope for operation, scope, _, _ in _ROUTES}
MODES = ("Simple", "Schedule", "Smart")
_CHANGEABLE = {"manufacturer": "manufacturer", "model": "model", "serialNumber": "serial_number"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of one operation; `stale` is how many changes ago is answered for, `misread` what is wrong.

    `as_of` is the moment that a device answers for, which a slow one is behind.
    """

    request: Request
    customer: Customer
    now: datetime
    as_of: datetime
    stale: int = 0
    misread: Sequence[Fault] = ()


def urls(dialect: str) -> Map:
    """Return the API's routes; no slash is forgiven."""
    mode = "/operationMode" if dialect == "live" else "/operationmode"
    rules = [
        Rule(f"/api/v2{path.replace('/mode', mode)}", methods=[method], endpoint=operation)
        for operation, _, method, path in _ROUTES
    ]
    return Map(rules, strict_slashes=True, merge_slashes=False, redirect_defaults=False)


def answer(value: object, status: int = 200) -> Response:
    return _json(json.dumps(value, separators=(",", ":"), allow_nan=False), status)


def refused(refusal: parsing.Refusal) -> Response:
    """Return an error as every operation spells it."""
    response = answer({"message": refusal.message, "code": refusal.code}, refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def gateway_refusal() -> Response:
    """Return what the gateway in front of the API answers for an unknown path."""
    return answer({"message": "Missing Authentication Token"}, 403)


class Api:
    """The API of one world, for the holders of one pool's tokens."""

    def __init__(self, world: World, pool: Pool, *, dialect: str, saved: Callable[[], None]) -> None:
        self._world, self._pool, self._dialect, self._saved = world, pool, dialect, saved

    def handle(
        self,
        operation: str,
        request: Request,
        ids: Mapping[str, str],
        *,
        stale: int = 0,
        late_s: float = 0.0,
        misread: Sequence[Fault] = (),
    ) -> Response:
        try:
            customer = self._caller(request, SCOPES[operation])
            now = self._world.clock.now()
            as_of = now - timedelta(seconds=late_s)
            call = Call(
                request=request, customer=customer, now=now, as_of=as_of, stale=stale, misread=misread
            )
            action: Callable[..., Response] = getattr(self, _method(operation))
            return action(call, **ids)
        except parsing.Refusal as refusal:
            return refused(refusal)

    def _caller(self, request: Request, scope: str) -> Customer:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = self._pool.claims(token.strip()) if kind.lower() == "bearer" else None
        customer = self._world.customer(claims["username"]) if claims else None
        if claims is None or customer is None:
            said = "the access token is missing, expired or not from here"
            raise parsing.Refusal(401, "Unauthorized", said)
        if scope not in claims["scope"].split():
            raise parsing.Refusal(403, "Forbidden", f"the access token lacks the scope {scope}")
        return customer

    def _own_device(self, call: Call, synth_id: str) -> tuple[SimulatedHome, SimulatedDevice]:
        found = self._world.device(synth_id)
        if found is None or found[0] not in call.customer.homes:
            raise _not_yours()
        return found

    def _list_sites(self, call: Call) -> Response:
        return answer({"entries": [{"siteId": home.site_id} for home in call.customer.homes]})

    def _get_site_topology(self, call: Call, site_id: str) -> Response:
        home = self._world.home(site_id)
        if home is None or home not in call.customer.homes:
            raise _not_yours()
        compact = call.request.args.get("compact", "true") != "false"
        return answer(topology.tree(home, dialect=self._dialect, compact=compact))

    def _list_devices(self, call: Call) -> Response:
        devices = [device for home in call.customer.homes for device in home.devices]
        return answer({"entries": [{"synthId": device.synth_id} for device in devices]})

    def _get_device(self, call: Call, synth_id: str) -> Response:
        return answer(self._described(*self._own_device(call, synth_id), call))

    def _described(self, home: SimulatedHome, device: SimulatedDevice, call: Call) -> dict[str, str]:
        changed = self._world.ledger(device).details_at(call.as_of, back=call.stale)
        kind = topology.LIVE_KINDS.get(device.kind, device.kind) if self._dialect == "live" else device.kind
        known = {"synthId": device.synth_id, "kind": kind, "siteId": home.site_id}
        details = {word: changed.get(word, getattr(device, name)) for word, name in _CHANGEABLE.items()}
        return known | details

    def _patch_device(self, call: Call, synth_id: str) -> Response:
        home, device = self._own_device(call, synth_id)
        body = parsing.json_object(call.request)
        known = self._described(home, device, call)
        if "synthId" not in body:
            raise parsing.unprocessable("synthId is needed")
        sent = {name: parsing.text(body[name], name) for name in known if name in body}
        for name in ("synthId", "kind", "siteId"):
            if sent.get(name, known[name]) != known[name]:
                raise parsing.unprocessable(f"{name} cannot be changed")
        details = {name: sent[name] for name in _CHANGEABLE if name in sent}
        self._world.accept(device, details=details, now=call.now)
        self._saved()
        return _nothing(200)

    def _get_device_telemetry(self, call: Call, synth_id: str) -> Response:
        found = self._world.sensor(synth_id)
        home, sensor = self._stream_of_device(call, synth_id) if found is None else found
        if home not in call.customer.homes:
            raise _not_yours()
        if sensor is None:
            telemetry.question(call.request.args, dialect=self._dialect, now=call.now)
            return answer({"entries": []})
        misread = Misreadings(call.misread, home, sensor, now=call.now)
        args = misread.heard(call.request.args)
        wanted = telemetry.question(args, dialect=self._dialect, now=call.now)
        misread.refuse()
        step = misread.step(wanted.step, telemetry.STEPS)
        true = self._world.buckets(sensor, start=wanted.start, end=wanted.end, step=step, now=call.now)
        told = misread.told(true, lambda moments: self._world.counters(sensor, moments), step=step)
        written = telemetry.entries(wanted, told, home, sensor, dialect=self._dialect)
        entries = misread.spelled(written, told, step=step)
        body = misread.paged(entries, args)
        return _json(orjson.dumps(body), 200)  # a year of them: json takes ten times as long

    def _stream_of_device(self, call: Call, synth_id: str) -> tuple[SimulatedHome, SimulatedSensor | None]:
        """Return a device's main sensor; only the published contract lets a device stand for it."""
        home, device = self._own_device(call, synth_id)
        return home, device.main_sensor if self._dialect == "published" else None

    def _get_device_operation_mode(self, call: Call, synth_id: str) -> Response:
        _, device = self._own_device(call, synth_id)
        mode = self._world.ledger(device).mode_at(call.as_of, back=call.stale)
        return answer({"mode": self._cased(mode if device.has_modes else "Unknown")})

    def _set_device_operation_mode(self, call: Call, synth_id: str) -> Response:
        home, device = self._own_device(call, synth_id)
        requested = parsing.json_object(call.request).get("mode")
        word = requested.lower() if isinstance(requested, str) and self._dialect == "live" else requested
        mode = next((known for known in MODES if self._cased(known) == word), None)
        if mode is None:
            raise parsing.unprocessable(f"mode must be one of {', '.join(map(self._cased, MODES))}")
        if not device.has_modes:
            raise parsing.unprocessable(f"a device of kind {device.kind} has no operation mode")
        if mode == "Smart" and home.own_battery.capacity_wh < SMART_SMALLEST_WH:
            raise parsing.unprocessable("Smart needs a battery of at least 4.8 kWh")
        self._world.accept(device, mode=mode, now=call.now)
        self._saved()
        return answer({"mode": self._cased(mode)})

    def _cased(self, mode: str) -> str:
        return mode.lower() if self._dialect == "live" else mode

    def _get_device_overlay_plan(self, call: Call, synth_id: str) -> Response:
        _, device = self._own_device(call, synth_id)
        plan = self._world.ledger(device).plan_at(call.as_of, back=call.stale)
        return answer(plans.written(plan, dialect=self._dialect))

    def _set_device_overlay_plan(self, call: Call, synth_id: str) -> Response:
        home, device = self._own_device(call, synth_id)
        body = parsing.json_object(call.request)
        plan = plans.read(body, home, device, dialect=self._dialect, now=call.now)
        self._world.accept(device, plan=plan, now=call.now)
        self._saved()
        return _nothing(204 if self._dialect == "live" else 200)


def _method(operation: str) -> str:
    """Return the name of the method that carries out an operation: _get_device for getDevice."""
    return "_" + re.sub(r"(?=[A-Z])", "_", operation).lower()


def _not_yours() -> parsing.Refusal:
    return parsing.Refusal(403, "Forbidden", "there is nothing with this id that you may see")


def _json(body: str | bytes, status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(body, status=status, content_type="application/json", headers=headers)


def _nothing(status: int) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response
