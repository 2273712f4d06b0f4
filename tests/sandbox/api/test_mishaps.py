"""What a fault does to an answer."""

import json
import socket
import time

import pytest
import requests


@pytest.fixture
def mode_path(battery):
    return f"/api/v2/devices/{battery.synth_id}/operationmode"


class TestALostReply:
    def test_was_carried_out_and_is_never_answered(self, sandbox, ada, mode_path):
        sandbox.faults.lose_reply_to("setDeviceOperationMode", times=1)
        with pytest.raises(requests.ConnectionError):
            ada.put(mode_path, {"mode": "Smart"})

        assert sandbox.calls("setDeviceOperationMode") == 1
        assert ada.get(mode_path).json() == {"mode": "Smart"}


class TestEveryThirdCall:
    def test_fails_and_the_others_do_not(self, sandbox, ada, mode_path):
        sandbox.faults.switch_on("setDeviceOperationMode", "server_error", every=3)

        answers = [ada.put(mode_path, {"mode": "Smart"}).status_code for _ in range(6)]

        assert answers == [200, 200, 500] * 2


class TestARefusedConnection:
    def test_does_nothing_and_answers_nothing(self, sandbox, ada, mode_path):
        sandbox.faults.switch_on("setDeviceOperationMode", "refuse_connection", times=1)
        with pytest.raises(requests.ConnectionError):
            ada.put(mode_path, {"mode": "Smart"})

        assert ada.get(mode_path).json() == {"mode": "Simple"}

    def test_is_a_reset_on_the_wire(self, sandbox):
        sandbox.faults.switch_on("jwks", "refuse_connection")
        host, port = sandbox.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(b"GET /pool/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                raw.recv(100)


class TestASpoiltAnswer:
    @pytest.mark.parametrize(
        ("kind", "options", "status", "header"),
        [
            ("too_many", {"retry_after": 7}, 429, "7"),
            ("too_many", {"retry_after": "soon"}, 429, "soon"),
            ("too_many", {"retry_after": None}, 429, None),
            ("server_error", {}, 500, None),
            ("server_error", {"status": 504}, 504, None),
            ("unavailable", {}, 503, None),
            ("token_revoked", {}, 401, None),
            ("token_expired", {}, 401, None),
        ],
    )
    def test_has_the_status_and_headers_of_its_kind(self, sandbox, ada, kind, options, status, header):
        sandbox.faults.switch_on("listSites", kind, **options)
        answer = ada.get("/api/v2/sites")

        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, header)
        assert set(answer.json()) == {"message", "code"}

    @pytest.mark.parametrize(("kind", "status"), [("bad_gateway_html", 502), ("html_page", 200)])
    def test_may_be_a_page(self, sandbox, ada, kind, status):
        sandbox.faults.switch_on("listSites", kind)
        answer = ada.get("/api/v2/sites")

        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, "text/html")
        assert answer.text.startswith("<html>")

    def test_may_be_half_of_one(self, sandbox, ada):
        whole = ada.get("/api/v2/sites").content
        sandbox.faults.switch_on("listSites", "truncated")
        half = ada.get("/api/v2/sites").content

        assert half == whole[: len(whole) // 2]
        with pytest.raises(ValueError):
            json.loads(half)

    def test_may_end_before_its_length(self, sandbox, ada):
        sandbox.faults.switch_on("listSites", "truncated", fitting_length=False)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            ada.get("/api/v2/sites")

    def test_may_have_every_type_wrong(self, sandbox, ada, battery):
        sandbox.faults.switch_on("getDeviceTelemetry", "wrong_types")
        entries = ada.get(f"/api/v2/devices/{battery.synth_id}__bb_agg/telemetry").json()["entries"]

        assert isinstance(entries[0]["power_W"], str) and isinstance(entries[0]["timestamp"], int)

    @pytest.mark.parametrize("instead", [[], {"entries": "none"}, {"mode": "Eco"}, None])
    def test_may_be_whatever_a_test_likes(self, sandbox, ada, instead):
        sandbox.faults.switch_on("listSites", "wrong_types", replace=instead)

        assert ada.get("/api/v2/sites").json() == instead

    def test_may_lead_elsewhere(self, sandbox, ada):
        sandbox.faults.switch_on("listSites", "redirect", to="http://elsewhere.invalid/x")
        answer = ada.get("/api/v2/sites")

        assert (answer.status_code, answer.headers["Location"]) == (302, "http://elsewhere.invalid/x")

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("forbidden_without_code", {"message": "Forbidden"}),
            ("wrong_route", {"message": "Missing Authentication Token"}),
        ],
    )
    def test_may_lack_a_code(self, sandbox, ada, kind, body):
        sandbox.faults.switch_on("listSites", kind)
        answer = ada.get("/api/v2/sites")

        assert (answer.status_code, answer.json()) == (403, body)


class TestASlowAnswer:
    def test_waits_as_long_as_asked(self, sandbox, ada):
        sandbox.faults.switch_on("listSites", "latency", ms=250)
        start = time.monotonic()
        ada.get("/api/v2/sites")

        assert 0.25 <= time.monotonic() - start < 1.5

    def test_may_drip(self, sandbox, ada):
        whole = ada.get("/api/v2/sites").json()
        sandbox.faults.switch_on("listSites", "drip", pause_ms=5)
        start = time.monotonic()

        assert ada.get("/api/v2/sites").json() == whole
        assert time.monotonic() - start > 0.2


class TestAStaleRead:
    def test_answers_as_before_the_last_write(self, sandbox, ada, battery, mode_path):
        plan_path, device_path = (
            f"/api/v2/devices/{battery.synth_id}/plans/overlay",
            f"/api/v2/devices/{battery.synth_id}",
        )
        now = sandbox.clock.now()
        command = {"start": now.isoformat(), "end": now.replace(hour=20).isoformat(), "action": "hold"}
        ada.put(mode_path, {"mode": "Schedule"})
        ada.put(mode_path, {"mode": "Smart"})
        ada.put(plan_path, {"commands": [command]})
        ada.patch(device_path, {"synthId": battery.synth_id, "model": "New"})
        for operation in ("getDeviceOperationMode", "getDeviceOverlayPlan", "getDevice"):
            sandbox.faults.switch_on(operation, "stale_read", times=1)

        assert [ada.get(mode_path).json()["mode"] for _ in range(2)] == ["Schedule", "Smart"]
        assert [len(ada.get(plan_path).json()["commands"]) for _ in range(2)] == [0, 1]
        assert [ada.get(device_path).json()["model"] for _ in range(2)] == ["Battery 20", "New"]
