"""Faults, clock, calls and true flows over HTTP under /_sandbox/, for tests outside the process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from gridshare_portal.sandbox.api import parsing
from gridshare_portal.sandbox.api.faults import Fault, Faults
from gridshare_portal.sandbox.api.operations import answer, refused
from gridshare_portal.sandbox.api.plans import spelled
from gridshare_portal.sandbox.simulation.clock import Clock
from gridshare_portal.sandbox.simulation.world import World

URLS = Map(
    [
        Rule("/_sandbox/calls", methods=["GET"], endpoint="calls"),
        Rule("/_sandbox/request-ids", methods=["GET"], endpoint="request_ids"),
        Rule("/_sandbox/faults", methods=["GET"], endpoint="faults"),
        Rule("/_sandbox/faults", methods=["POST"], endpoint="switch_on"),
        Rule("/_sandbox/faults", methods=["DELETE"], endpoint="clear"),
        Rule("/_sandbox/clock", methods=["GET"], endpoint="clock"),
        Rule("/_sandbox/clock", methods=["PUT"], endpoint="set_clock"),
        Rule("/_sandbox/truth", methods=["GET"], endpoint="truth"),
        Rule("/_sandbox/homes", methods=["GET"], endpoint="homes"),
        Rule("/_sandbox/accepted", methods=["GET"], endpoint="accepted"),
    ]
)


class Switchboard:
    """What a test may do to a sandbox from outside."""

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        self._world, self._switches, self._time = world, faults, clock

    def handle(self, request: Request) -> Response:
        """Call the method that the endpoint names."""
        try:
            name, _ = URLS.bind_to_environ(request.environ).match()
            action: Callable[[Request], Response] = getattr(self, f"_{name}")
            return action(request)
        except HTTPException as problem:
            return problem.get_response()
        except parsing.Refusal as refusal:
            return refused(refusal)

    def _calls(self, request: Request) -> Response:
        return answer(self._switches.calls())

    def _request_ids(self, request: Request) -> Response:
        return answer(self._switches.request_ids())

    def _faults(self, request: Request) -> Response:
        return answer([_described(fault) for fault in self._switches.on()])

    def _switch_on(self, request: Request) -> Response:
        wanted: dict[str, Any] = parsing.json_object(request)
        operation, kind = wanted.pop("operation", None), wanted.pop("kind", None)
        try:
            self._switches.switch_on(operation, kind, **wanted)
        except (TypeError, ValueError) as problem:
            raise parsing.unprocessable(str(problem)) from problem
        return answer([_described(fault) for fault in self._switches.on()], 201)

    def _clear(self, request: Request) -> Response:
        self._switches.clear()
        return answer([])

    def _clock(self, request: Request) -> Response:
        return answer({"now": spelled(self._time.now())})

    def _set_clock(self, request: Request) -> Response:
        wanted = parsing.json_object(request)
        if "now" in wanted:
            self._time.set(parsing.moment(wanted["now"], "now"), ticking=wanted.get("ticking") is True)
        if "advance_s" in wanted:
            self._time.advance(timedelta(seconds=parsing.number(wanted["advance_s"], "advance_s")))
        return self._clock(request)

    def _truth(self, request: Request) -> Response:
        site, sensor = request.args.get("site", ""), request.args.get("sensor", "")
        start, end = (parsing.moment(request.args.get(name), name) for name in ("start", "end"))
        if self._world.sensor(sensor) is not None:
            return answer(self._world.sensor_truth(sensor, start, end))
        if self._world.home(site) is None:
            raise parsing.unprocessable("there is no such site or sensor")
        return answer(self._world.truth(site, start, end))

    def _accepted(self, request: Request) -> Response:
        return answer(self._world.packed()["devices"])

    def _homes(self, request: Request) -> Response:
        return answer(
            {
                customer.username: {
                    home.site_id: {device.synth_id: device.kind for device in home.devices}
                    for home in customer.homes
                }
                for customer in self._world.customers
            }
        )


def _described(fault: Fault) -> dict[str, object]:
    return {"operation": fault.operation, "kind": fault.kind, "times": fault.times, **fault.options}
