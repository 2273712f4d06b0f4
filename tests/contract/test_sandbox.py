import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.api.operations import SCOPES
from tests import environment

ROOT = Path(__file__).resolve().parents[2]
OURS = json.loads((ROOT / "tests/contract/openapi.json").read_text())
PUBLISHED = ROOT.parent / "shared/contract/gridshare-customer-api-openapi.yml"
EXAMPLES = str(environment.rounds(quick=60, long=400))
WORDS = ("description", "summary", "title", "contact", "x-logo", "info", "tags")


def plain(document, node):
    """The document without its prose, every reference followed where it does not lead into a circle."""
    if isinstance(node, list):
        return [plain(document, item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and "/schemas/" not in node["$ref"]:
        target = document
        for step in node["$ref"].split("/")[1:]:
            target = target[step]
        return plain(document, target)
    return {
        name: plain(document, value) for name, value in node.items() if name not in WORDS or name == "tags"
    }


def declared(document):
    """What a document promises: operations, parameters, bodies, answers, schemas, scopes, servers."""
    schemes = plain(document, document["components"]["securitySchemes"])
    for flow in schemes["bearerAuth"]["flows"].values():
        flow["scopes"] = sorted(flow["scopes"])
    return {
        "openapi": document["openapi"],
        "paths": plain(document, document["paths"]),
        "schemas": plain(document, document["components"]["schemas"]),
        "securitySchemes": schemes,
        "security": document["security"],
        "servers": [server["url"] for server in document["servers"]],
    }


def without_added_refusals(ours, theirs):
    """Ours may say more than the published document about refusals (4xx), and about nothing else."""
    for path, operations in ours["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                told = theirs["paths"][path][method]["responses"]
                answers = operation["responses"]
                operation["responses"] = {
                    status: answer for status, answer in answers.items() if status in told or status[0] != "4"
                }
    return ours


class TestOurDocument:
    @pytest.mark.skipif(
        not PUBLISHED.exists(), reason=f"the published contract is not here: {PUBLISHED.name}"
    )
    def test_promises_what_the_published_one_does(self):
        theirs = declared(yaml.safe_load(PUBLISHED.read_text()))
        ours = without_added_refusals(declared(OURS), theirs)

        for part, promised in theirs.items():
            assert ours[part] == promised, part

    def test_names_the_operations_that_the_sandbox_knows(self):
        operations = [
            o["operationId"] for path in OURS["paths"].values() for m, o in path.items() if m != "parameters"
        ]

        assert sorted(operations) == sorted(SCOPES)


@pytest.fixture(scope="module")
def sandbox():
    with wsgi.running(homes=6) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def registry():
    return Registry().with_resource("urn:ours", DRAFT202012.create_resource(OURS))


@pytest.fixture
def fits(registry):
    """Say whether an answer is one that the document knows for the operation, and return its status."""

    def check(operation_id, answer):
        operation = next(
            o
            for path in OURS["paths"].values()
            for m, o in path.items()
            if m != "parameters" and o["operationId"] == operation_id
        )
        told = operation["responses"][str(answer.status_code)]
        if "$ref" in told:
            told = OURS["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
        if "content" not in told:
            assert answer.content == b""
            return answer.status_code
        assert answer.headers["Content-Type"] == "application/json"
        schema = {"$ref": "urn:ours" + told["content"]["application/json"]["schema"]["$ref"]}
        Draft202012Validator(
            schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(answer.json())
        return answer.status_code

    return check


class TestEveryAnswer:
    @pytest.mark.parametrize("username", ["ada", "ben", "cleo", "dev", "eve", "finn"])
    def test_fits_its_schema_when_all_is_well(self, username, sandbox, fits):
        session = signed_in(sandbox, username)
        fits("listSites", session.get(f"{sandbox.url}/api/v2/sites"))
        fits("listDevices", session.get(f"{sandbox.url}/api/v2/devices"))
        for home in sandbox.world.customer(username).homes:
            fits("getSiteTopology", session.get(f"{sandbox.url}/api/v2/sites/{home.site_id}/topology"))
            for device in home.devices:
                at = f"{sandbox.url}/api/v2/devices/{device.synth_id}"
                assert fits("getDevice", session.get(at)) == 200
                assert fits("getDeviceOperationMode", session.get(f"{at}/operationmode")) == 200
                assert fits("getDeviceOverlayPlan", session.get(f"{at}/plans/overlay")) == 200
                assert fits("patchDevice", session.patch(at, json={"synthId": device.synth_id})) == 200
            for sensor in home.sensors:
                at = f"{sandbox.url}/api/v2/devices/{sensor.synth_id}/telemetry"
                answer = session.get(at, params={"include": "default,energy"})
                assert fits("getDeviceTelemetry", answer) == 200
                assert answer.json()["entries"]

    def test_fits_its_schema_after_a_write(self, sandbox, fits):
        session, now = signed_in(sandbox, "ada"), sandbox.clock.now()
        at = f"{sandbox.url}/api/v2/devices/{sandbox.world.customer('ada').homes[0].devices[0].synth_id}"
        command = {"start": now.isoformat(), "end": (now + timedelta(hours=1)).isoformat(), "action": "hold"}

        assert (
            fits("setDeviceOperationMode", session.put(f"{at}/operationmode", json={"mode": "Schedule"}))
            == 200
        )
        assert (
            fits("setDeviceOverlayPlan", session.put(f"{at}/plans/overlay", json={"commands": [command]}))
            == 200
        )
        assert fits("getDeviceOverlayPlan", session.get(f"{at}/plans/overlay")) == 200

    @pytest.mark.parametrize("operation", SCOPES)
    def test_fits_its_schema_when_it_is_a_refusal(self, operation, sandbox, fits):
        method, path = next(
            (m, p)
            for p, o in OURS["paths"].items()
            for m in o
            if m != "parameters" and o[m]["operationId"] == operation
        )
        address = sandbox.url + path.replace("{siteId}", "nobody").replace("{synthId}", "nobody")
        nobody, somebody = requests.Session(), signed_in(sandbox, "ada", scopes=["none"])

        assert fits(operation, nobody.request(method, address)) == 401
        assert fits(operation, somebody.request(method, address)) == 403

    @pytest.mark.parametrize(
        ("body", "status"), [(b"{", 400), (b'{"commands": 7, "mode": 7, "synthId": 7}', 422)]
    )
    def test_fits_its_schema_when_a_body_is_refused(self, body, status, sandbox, fits):
        session = signed_in(sandbox, "ada")
        session.headers["Content-Type"] = "application/json"
        at = f"{sandbox.url}/api/v2/devices/{sandbox.world.customer('ada').homes[0].devices[0].synth_id}"

        assert fits("patchDevice", session.patch(at, data=body)) == status
        assert fits("setDeviceOperationMode", session.put(f"{at}/operationmode", data=body)) == status
        assert fits("setDeviceOverlayPlan", session.put(f"{at}/plans/overlay", data=body)) == status


class TestTheSandboxUnderFire:
    def test_keeps_every_promise_of_the_document(self, tmp_path, capsys):
        """Every check of schemathesis, with requests that make sense and requests that do not."""
        answers = Counter()
        with wsgi.running(homes=6) as sandbox:
            watch(sandbox, answers)
            run = fuzzed(sandbox, tmp_path)
        report = run.stdout + run.stderr
        generated = re.search(r"(\d+) generated, (\d+) passed", report)

        assert run.returncode == 0, report[-8000:]
        assert generated and generated[1] == generated[2], report[-8000:]
        for operation in SCOPES:
            assert answers[operation, 200] >= 10, f"{operation} was hardly ever carried out: {answers}"
        with capsys.disabled():
            print(f"\nschemathesis: {generated[1]} cases against the sandbox, 0 failures")


def signed_in(sandbox, username, **grant):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {sandbox.pool.grant(username, **grant)['access_token']}"
    return session


def watch(sandbox, answers):
    """Count every answer of every operation."""
    handle = sandbox.api.handle

    def counted(operation, *args, **kwargs):
        response = handle(operation, *args, **kwargs)
        answers[operation, response.status_code] += 1
        return response

    sandbox.api.handle = counted


def fuzzed(sandbox, folder):
    home = sandbox.world.customer("ada").homes[0]
    devices = [device.synth_id for device in home.devices]
    ids = {"siteId": [home.site_id], "synthId": devices + [sensor.synth_id for sensor in home.sensors]}
    token = sandbox.pool.grant("ada")["access_token"]
    settings = folder / "schemathesis.toml"
    settings.write_text('hooks = "tests.contract.fuzzing_hooks"\n')
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run",
        str(ROOT / "tests/contract/openapi.json"), "--url", sandbox.url, "--header", f"Authorization: Bearer {token}",
        "--checks", "all", "--max-examples", EXAMPLES, "--continue-on-failure", "--no-color", "--seed", "1",
    ]  # fmt: skip
    environment = os.environ | {"FUZZED_IDS": json.dumps(ids), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=900)
