"""The client calls every operation of the API's document, in both dialects, against a server of another's making."""

import functools
import json
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from gridshare_portal.gridshare import client, errors, types
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.outbound import circuit_breaker, session, sockets
from gridshare_portal.sandbox import wsgi

DOCUMENT = json.loads(Path(__file__).with_name("openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if isinstance(operation, dict) and "operationId" in operation
}
SCOPES = ["lunar/device.read", "lunar/device.write", "lunar/plan.read", "lunar/plan.write"]
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)


@pytest.fixture(scope="module", params=["published", "live"])
def sandbox(request):
    with wsgi.running(homes=3, faults=True, dialect=request.param) as running:
        running.dialect = request.param
        yield running


@pytest.fixture(autouse=True)
def as_new(request):
    circuit_breaker.forget()
    yield
    circuit_breaker.forget()
    if "sandbox" in request.fixturenames:
        request.getfixturevalue("sandbox").faults.clear()


@pytest.fixture
def grant(sandbox):
    def make(*scopes, who="ada", dialect=None):
        token = sandbox.pool.grant(who, scopes=scopes or SCOPES)["access_token"]
        return client.Client(sandbox.url, lambda force=False: token, dialect or sandbox.dialect)

    return make


@pytest.fixture
def home(grant):
    """What a customer's first calls find: a site, its tree, its battery's device and sensors."""
    caller = grant()
    site_id = caller.list_sites()[0]
    nodes = [caller.get_site_topology(site_id).root]
    for node in nodes:
        nodes.extend(node.children)
    battery = next(node.synth_id for node in nodes if node.synth_id.endswith("__bb_agg"))
    return {"site": site_id, "nodes": nodes, "battery": battery, "device": battery.removesuffix("__bb_agg")}


def calls_of(caller, home, now):
    start = now.replace(minute=0, second=0, microsecond=0) - 3 * HOUR
    charge = types.Command(
        start=start + 4 * HOUR, end=start + 5 * HOUR, action="charge", power_limit_w=1000.0
    )
    device = home["device"]
    return {
        "listSites": caller.list_sites,
        "getSiteTopology": functools.partial(caller.get_site_topology, home["site"]),
        "listDevices": caller.list_devices,
        "getDevice": functools.partial(caller.get_device, device),
        "patchDevice": functools.partial(caller.patch_device, device, changes={"model": "M-2"}),
        "getDeviceTelemetry": functools.partial(
            caller.get_device_telemetry, home["battery"], start=start, end=start + 3 * HOUR
        ),
        "getDeviceOperationMode": functools.partial(caller.get_device_operation_mode, device),
        "setDeviceOperationMode": functools.partial(caller.set_device_operation_mode, device, mode="Smart"),
        "getDeviceOverlayPlan": functools.partial(caller.get_device_overlay_plan, device),
        "setDeviceOverlayPlan": functools.partial(
            caller.set_device_overlay_plan, device, plan=types.Plan(commands=(charge,))
        ),
    }


class TestEveryOperation:
    def test_of_the_document_has_a_method_and_is_answered(self, sandbox, grant, home):
        calls = calls_of(grant(), home, sandbox.clock.now())
        assert set(calls) == set(OPERATIONS)

        for operation, call in calls.items():
            before = sandbox.calls(operation)
            call()
            assert sandbox.calls(operation) == before + 1, operation

    def test_is_sent_as_the_document_says(self, sandbox, grant, home, monkeypatch):
        if sandbox.dialect != "published":
            pytest.skip("the document describes the published dialect")
        sent, real = [], sockets.Adapter.send
        monkeypatch.setattr(
            sockets.Adapter,
            "send",
            lambda self, request, **how: sent.append(request) or real(self, request, **how),
        )

        for operation, call in calls_of(grant(), home, sandbox.clock.now()).items():
            sent.clear()
            call()
            (request,) = sent
            assert_fits(operation, request, home)

    def test_says_what_is_missing_without_its_scope(self, sandbox, grant, home):
        now = sandbox.clock.now()
        for scope in SCOPES:
            others = [other for other in SCOPES if other != scope]
            for operation, call in calls_of(grant(*others), home, now).items():
                try:
                    call()
                except errors.Forbidden as refused:
                    assert scope in refused.message and not refused.may_have_happened, operation

    def test_refuses_what_is_somebody_elses(self, sandbox, grant, home):
        calls = calls_of(grant(who="ben"), home, sandbox.clock.now())

        for operation in set(OPERATIONS) - {"listSites", "listDevices"}:
            with pytest.raises(errors.Forbidden):
                calls[operation]()


class TestWhatComesBack:
    def test_is_a_home_with_a_battery_that_knows_its_size(self, home):
        battery = next(node for node in home["nodes"] if node.synth_id == home["battery"])

        assert battery.capacity_wh > 1000
        assert {"power_W", "energy_Wh_increment"} <= set(battery.channels)

    def test_is_energy_that_agrees_with_power_on_both_sides(self, sandbox, grant, home):
        end = sandbox.clock.now().replace(minute=0, second=0, microsecond=0)
        readings = grant().get_device_telemetry(home["battery"], start=end - 48 * HOUR, end=end)

        assert len(readings) > 100
        steps = [(a, b) for a, b in zip(readings, readings[1:], strict=False) if b.at - a.at == QUARTER]
        for earlier, later in steps:
            assert later.in_wh - earlier.in_wh + earlier.out_wh - later.out_wh == pytest.approx(
                (later.in_w - later.out_w) / 4, abs=1.0
            )
            assert min(later.in_w, later.out_w) == 0 and 0 <= later.charge_pct <= 100
        assert max(reading.in_w for reading in readings) > 100 < max(reading.out_w for reading in readings)

    def test_is_what_was_written(self, sandbox, grant, home):
        calls = calls_of(grant(), home, sandbox.clock.now())
        for operation in ("patchDevice", "setDeviceOperationMode", "setDeviceOverlayPlan"):
            calls[operation]()

        assert calls["getDevice"]().model == "M-2"
        assert calls["getDeviceOperationMode"]().name == "Smart"
        (command,) = calls["getDeviceOverlayPlan"]().commands
        assert (command.action, command.end - command.start, command.power_limit_w) == ("charge", HOUR, 1000)

        grant().set_device_overlay_plan(home["device"], plan=types.Plan())
        assert calls["getDeviceOverlayPlan"]() == types.Plan()


FAULTS = {
    "server_error": errors.ServerError,
    "bad_gateway_html": errors.ServerError,
    "unavailable": errors.ServerError,
    "html_page": errors.NotJson,
    "truncated": errors.UnexpectedAnswer,
    "refuse_connection": errors.ConnectionLost,
    "lost_reply": errors.Unreachable,
    "redirect": errors.UnexpectedAnswer,
    "forbidden_without_code": errors.Forbidden,
    "wrong_route": errors.WrongRoute,
    "token_revoked": errors.Unauthorized,
    "token_expired": errors.Unauthorized,
}


class TestEveryFault:
    @pytest.mark.parametrize("kind", FAULTS)
    def test_of_a_read_is_one_of_our_errors(self, kind, sandbox, grant, home):
        call = calls_of(grant(), home, sandbox.clock.now())["getDevice"]
        sandbox.faults.switch_on("getDevice", kind)

        with pytest.raises(FAULTS[kind]) as raised:
            call()

        assert not raised.value.may_have_happened

    @pytest.mark.parametrize("kind", FAULTS)
    def test_of_a_write_is_sent_once_and_tells_what_may_have_happened(self, kind, sandbox, grant, home):
        call = calls_of(grant(), home, sandbox.clock.now())["setDeviceOperationMode"]
        sandbox.faults.switch_on("setDeviceOperationMode", kind)
        before = sandbox.calls("setDeviceOperationMode")

        try:
            call()
        except errors.GridshareError as error:
            refused = isinstance(error, errors.Forbidden | errors.WrongRoute | errors.Unauthorized)
            assert error.may_have_happened != refused
        attempts = sandbox.calls("setDeviceOperationMode") - before
        assert attempts == (2 if kind.startswith("token_") else 1)

    def test_that_passes_is_not_noticed_by_a_reader(self, sandbox, grant, home):
        call = calls_of(grant(), home, sandbox.clock.now())["listSites"]
        for kind in ("server_error", "bad_gateway_html", "truncated", "refuse_connection", "lost_reply"):
            sandbox.faults.switch_on("listSites", kind, times=2)
            assert call()

    def test_of_types_leaves_unknown_what_it_spoils(self, sandbox, grant, home):
        call = calls_of(grant(), home, sandbox.clock.now())["getDeviceTelemetry"]
        sandbox.faults.switch_on("getDeviceTelemetry", "wrong_types")

        try:
            found = call()
        except errors.WrongShape:
            return
        known = [reading.in_w for reading in found]
        assert all(value is None or isinstance(value, float) for value in known)

    def test_that_drips_ends_at_the_deadline(self, sandbox, grant, home):
        sandbox.faults.switch_on("listSites", "drip")
        started = time.monotonic()

        with pytest.raises(errors.GridshareError):
            grant().within(1.0).list_sites()

        assert time.monotonic() - started < 1.4

    def test_of_the_wrong_dialect_is_called_a_wrong_route(self, sandbox, grant, home):
        other = "live" if sandbox.dialect == "published" else "published"

        with pytest.raises(errors.WrongRoute):
            grant(dialect=other).get_device_operation_mode(home["device"])


class TestSideBySide:
    def test_a_first_load_costs_its_depth_and_not_its_sum(self, sandbox, grant, home):
        caller = grant()
        calls = calls_of(caller, home, sandbox.clock.now())
        reads = [call for operation, call in calls.items() if operation.startswith(("get", "list"))]
        sandbox.faults.switch_on("*", "latency", ms=200)
        started = time.monotonic()

        results = parallel.gather(reads)

        assert not any(isinstance(result, Exception) for result in results)
        assert time.monotonic() - started < 0.2 * len(reads) / 2


def assert_fits(operation, request, home):
    method, path, described = OPERATIONS[operation]
    address = urlsplit(request.url)
    values = {"siteId": home["site"], "synthId": home["device"]}
    if operation == "getDeviceTelemetry":
        values["synthId"] = home["battery"]
    assert (request.method, address.path) == (method, path.format(**values))
    allowed = {
        parameter["name"] for parameter in described.get("parameters", []) if parameter.get("in") == "query"
    }
    assert set(parse_qs(address.query)) == allowed
    content = described.get("requestBody", {}).get("content", {})
    assert bool(request.body) == bool(content)
    if content:
        schema = content["application/json"]["schema"]
        reference = {"$ref": f"urn:document{schema['$ref']}"}
        registry = Registry().with_resource("urn:document", DRAFT202012.create_resource(DOCUMENT))
        Draft202012Validator(reference, registry=registry).validate(json.loads(request.body))
    assert request.headers["Authorization"].startswith("Bearer ")


def test_the_session_is_one_for_the_process():
    assert session.shared() is session.shared()
    assert session.shared().trust_env is False
