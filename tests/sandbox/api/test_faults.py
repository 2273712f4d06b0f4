"""Faults that a test switches on, and when they end."""

from datetime import timedelta

import pytest
import requests

from gridshare_portal.sandbox.api.faults import OPERATIONS, Faults

BASIC = ("demo", "demo-secret")


def refresh(sandbox, token):
    sent = {"grant_type": "refresh_token", "refresh_token": token}
    return requests.post(f"{sandbox.url}/oauth2/token", data=sent, auth=BASIC, timeout=5)


class TestTheSwitchboard:
    def test_knows_its_operations_and_kinds(self):
        faults = Faults()
        for operation, kind in (("listSites", "nonsense"), ("nothing", "latency"), ("listSites", "invalid_grant"),
                                ("setDeviceOperationMode", "stale_read"), ("*", "nonsense")):  # fmt: skip
            with pytest.raises(ValueError):
                faults.switch_on(operation, kind)

    def test_ends_a_fault_after_as_many_times_as_asked(self, sandbox, ada):
        sandbox.faults.switch_on("listSites", "server_error", times=2)

        assert [ada.get("/api/v2/sites").status_code for _ in range(3)] == [500, 500, 200]
        assert sandbox.calls("listSites") == 3

    def test_lets_one_operation_fail_and_the_others_not(self, sandbox, ada):
        sandbox.faults.switch_on("listSites", "server_error")

        assert ada.get("/api/v2/sites").status_code == 500
        assert ada.get("/api/v2/devices").status_code == 200

    def test_can_let_all_fail_at_once(self, sandbox, ada):
        sandbox.faults.switch_on("*", "unavailable", retry_after=120)

        assert ada.get("/api/v2/sites").headers["Retry-After"] == "120"
        assert ada.get("/api/v2/devices").status_code == 503
        assert refresh(sandbox, "x").status_code == 503
        sandbox.faults.clear()
        assert ada.get("/api/v2/sites").status_code == 200

    def test_counts_calls_of_every_operation(self, sandbox, ada):
        ada.get("/api/v2/sites")
        refresh(sandbox, "x")

        calls = sandbox.faults.calls()
        assert {name: number for name, number in calls.items() if number} == {"listSites": 1, "oauthToken": 1}
        assert set(calls) == set(OPERATIONS)


class TestTheTokenEndpoint:
    @pytest.mark.parametrize("error", ["invalid_grant", "invalid_client"])
    def test_may_refuse(self, sandbox, error):
        token = sandbox.pool.grant("ada")["refresh_token"]
        sandbox.faults.switch_on("oauthToken", error, times=1)
        answer = refresh(sandbox, token)

        assert (answer.status_code, answer.json()) == (400, {"error": error})
        assert refresh(sandbox, token).status_code == 200

    def test_may_have_revoked_the_grant(self, sandbox):
        token = sandbox.pool.grant("ada")["refresh_token"]
        sandbox.faults.switch_on("oauthToken", "token_revoked", times=1)

        assert [refresh(sandbox, token).json() for _ in range(2)] == [{"error": "invalid_grant"}] * 2

    def test_may_rotate_the_refresh_token(self, sandbox):
        old = sandbox.pool.grant("ada")["refresh_token"]
        sandbox.faults.switch_on("oauthToken", "token_rotated", times=1)
        new = refresh(sandbox, old).json()["refresh_token"]

        assert refresh(sandbox, old).json() == {"error": "invalid_grant"}
        assert refresh(sandbox, new).status_code == 200

    def test_may_rotate_and_never_say_so(self, sandbox):
        old = sandbox.pool.grant("ada")["refresh_token"]
        sandbox.faults.switch_on("oauthToken", "token_rotated", times=1, grace_s=60)
        sandbox.faults.lose_reply_to("oauthToken", times=1)
        with pytest.raises(requests.ConnectionError):
            refresh(sandbox, old)

        assert refresh(sandbox, old).status_code == 200


class TestSilence:
    def readings(self, ada, sensor, sandbox):
        end = sandbox.clock.now().replace(minute=0, second=0, microsecond=0)
        query = {"start": f"{end - timedelta(hours=4):%FT%TZ}", "end": f"{end:%FT%TZ}"}
        entries = ada.get(f"/api/v2/devices/{sensor}/telemetry", params=query).json()["entries"]
        return [entry["timestamp"] for entry in entries], end

    def test_leaves_out_one_sensor_for_a_while(self, sandbox, ada, battery):
        grid, solar = f"{battery.synth_id}__GRID_METER_DERIVED", f"{battery.synth_id}__PV_DERIVED"
        before, end = self.readings(ada, solar, sandbox)
        since, until = f"{end - timedelta(hours=3):%FT%TZ}", f"{end - timedelta(hours=1):%FT%TZ}"
        sandbox.faults.switch_on(
            "getDeviceTelemetry", "silence", sensor="PV_DERIVED", since=since, until=until
        )

        told, _end = self.readings(ada, solar, sandbox)
        assert told == [at for at in before if not since <= at < until] != before
        assert any(since <= at < until for at in self.readings(ada, grid, sandbox)[0])

    def test_is_of_readings_only(self):
        with pytest.raises(ValueError):
            Faults().switch_on("listSites", "silence")
