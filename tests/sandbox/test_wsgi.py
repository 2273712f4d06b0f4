import json
import os
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from gridshare_portal.sandbox import wsgi
from tests.sandbox.conftest import NOON, Caller


def raw(sandbox, *parts):
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
        connection.settimeout(2)
        return connection.recv(4000)


class TestTheServer:
    def test_keeps_a_connection_for_many_requests(self, sandbox, ada):
        ports = set()
        for _ in range(5):
            answer = ada.session.get(f"{sandbox.url}/api/v2/sites", stream=True, timeout=5)
            ports.add(answer.raw.connection.sock.getsockname()[1])
            assert answer.content

        assert len(ports) == 1

    def test_answers_many_at_once(self, sandbox, ada):
        sandbox.faults.switch_on("listSites", "latency", ms=300)
        start = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            answers = list(
                threads.map(
                    lambda _: requests.get(
                        f"{sandbox.url}/api/v2/sites", headers=ada.session.headers, timeout=9
                    ),
                    range(8),
                )
            )

        assert {answer.status_code for answer in answers} == {200}
        assert time.monotonic() - start < 1.5

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            (b"Content-Length: 9999999", b"413"),
            (b"Content-Length: -1", b"400"),
            (b"Transfer-Encoding: chunked", b"411"),
        ],
    )
    def test_refuses_a_body_that_it_will_not_read(self, sandbox, headers, status):
        answer = raw(sandbox, b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")

        assert answer.split()[1] == status

    def test_leaves_no_connection_when_it_stops(self):
        with wsgi.running(homes=1) as sandbox:
            session = requests.Session()
            assert session.get(sandbox.url, timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(sandbox.url, timeout=5)

    def test_waits_before_every_answer_when_told_so(self):
        with wsgi.running(homes=1, latency_ms=120) as sandbox:
            start = time.monotonic()
            assert Caller(sandbox, "ada").get("/api/v2/sites").status_code == 200
            assert 0.12 <= time.monotonic() - start < 1

    def test_knows_two_dialects(self):
        with pytest.raises(ValueError), wsgi.running(homes=1, dialect="klingon"):
            pass


class TestTheOutsideSwitchboard:
    def test_switches_faults_and_counts_calls(self, sandbox, ada):
        at = f"{sandbox.url}/_sandbox"
        fault = {"operation": "listSites", "kind": "too_many", "times": 3, "retry_after": 4}

        assert requests.post(f"{at}/faults", json=fault, timeout=5).status_code == 201
        assert requests.get(f"{at}/faults", timeout=5).json() == [fault]
        assert ada.get("/api/v2/sites").headers["Retry-After"] == "4"
        assert requests.delete(f"{at}/faults", timeout=5).json() == []
        assert ada.get("/api/v2/sites").status_code == 200
        assert requests.get(f"{at}/calls", timeout=5).json()["listSites"] == 2

    def test_refuses_a_fault_that_there_is_not(self, sandbox):
        for wrong in ({"operation": "listSites", "kind": "nonsense"}, {"kind": "latency"}, {}):
            assert requests.post(f"{sandbox.url}/_sandbox/faults", json=wrong, timeout=5).status_code == 422

    def test_moves_the_clock(self, sandbox):
        at = f"{sandbox.url}/_sandbox/clock"

        assert requests.get(at, timeout=5).json() == {"now": "2026-06-17T19:00:00Z"}
        assert requests.put(at, json={"now": "2026-06-18T00:00:00Z"}, timeout=5).json() == {
            "now": "2026-06-18T00:00:00Z"
        }
        assert requests.put(at, json={"advance_s": 60}, timeout=5).json() == {"now": "2026-06-18T00:01:00Z"}

    def test_tells_the_truth(self, sandbox, home):
        sent = {"site": home.site_id, "start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
        told = requests.get(f"{sandbox.url}/_sandbox/truth", params=sent, timeout=5).json()
        start = datetime(2026, 6, 1, tzinfo=UTC)

        assert told == sandbox.world.truth(home.site_id, start, start + timedelta(days=1))
        assert (
            requests.get(f"{sandbox.url}/_sandbox/truth", params=sent | {"site": "x"}, timeout=5).status_code
            == 422
        )

    def test_is_not_there_unless_asked_for(self):
        with wsgi.running(homes=1, faults=False) as sandbox:
            for path in ("calls", "faults", "clock", "truth", "homes"):
                assert requests.get(f"{sandbox.url}/_sandbox/{path}", timeout=5).status_code == 404


class TestAStateFile:
    def test_keeps_devices_and_connections_over_a_restart(self, tmp_path):
        options = {"homes": 2, "now": NOON, "state_file": tmp_path / "state.json"}
        with wsgi.running(**options) as sandbox:
            ada = Caller(sandbox, "ada")
            tokens = sandbox.pool.grant("ada", ["lunar/device.read"])
            battery = sandbox.world.customer("ada").homes[0].devices[0].synth_id
            command = {"start": "2026-06-17T19:00:00Z", "end": "2026-06-17T20:00:00Z", "action": "hold"}
            ada.put(f"/api/v2/devices/{battery}/operationmode", {"mode": "Smart"})
            ada.put(f"/api/v2/devices/{battery}/plans/overlay", {"commands": [command]})
            ada.patch(f"/api/v2/devices/{battery}", {"synthId": battery, "model": "New"})
            port = int(sandbox.url.rsplit(":", 1)[1])
        with wsgi.running(port=port, **options) as again:
            held = requests.Session()
            held.headers["Authorization"] = f"Bearer {tokens['access_token']}"
            at = f"{again.url}/api/v2/devices/{battery}"
            sent = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

            assert held.get(f"{at}/operationmode", timeout=5).json() == {"mode": "Smart"}
            assert held.get(at, timeout=5).json()["model"] == "New"
            assert Caller(again, "ada").get(f"/api/v2/devices/{battery}/plans/overlay").json() == {
                "commands": [command]
            }
            refreshed = requests.post(
                f"{again.url}/oauth2/token", data=sent, auth=("demo", "demo-secret"), timeout=5
            )
            assert refreshed.status_code == 200

    def test_is_for_the_owner_s_eyes_and_holds_no_refresh_token(self, tmp_path):
        path = tmp_path / "state.json"
        with wsgi.running(homes=1, state_file=path) as sandbox:
            token = sandbox.pool.grant("ada")["refresh_token"]

        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert token not in path.read_text()
        assert json.loads(path.read_text())["pool"]["grants"][0]["username"] == "ada"
        assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]

    def test_is_whole_whoever_writes_at_once(self, tmp_path):
        path = tmp_path / "state.json"
        with wsgi.running(homes=1, state_file=path) as sandbox:
            threads = [
                threading.Thread(target=lambda: [sandbox.pool.grant("ada") for _ in range(10)])
                for _ in range(6)
            ]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                json.loads(path.read_text())

        assert len(json.loads(path.read_text())["pool"]["grants"]) == 60


class TestAReset:
    def test_makes_the_sandbox_as_new(self, sandbox, ada, battery):
        path = f"/api/v2/devices/{battery.synth_id}/operationmode"
        ada.put(path, {"mode": "Smart"})
        sandbox.faults.switch_on("listSites", "server_error")
        sandbox.clock.advance(timedelta(hours=1))
        token = sandbox.pool.grant("ada")["refresh_token"]
        sandbox.reset()
        sent = {"grant_type": "refresh_token", "refresh_token": token}

        assert sandbox.calls("setDeviceOperationMode") == 0
        assert ada.get(path).json() == {"mode": "Simple"}
        assert ada.get("/api/v2/sites").status_code == 200
        assert sandbox.clock.now() == NOON
        assert (
            requests.post(
                f"{sandbox.url}/oauth2/token", data=sent, auth=("demo", "demo-secret"), timeout=5
            ).status_code
            == 400
        )
