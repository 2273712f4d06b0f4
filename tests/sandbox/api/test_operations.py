"""Every operation of the pretended Gridshare, and the cast that it answers for."""

import pytest

from gridshare_portal.sandbox.api.operations import SCOPES
from gridshare_portal.sandbox.login.grants import SCOPES as ALL_SCOPES
from tests.sandbox.api.asked import ask, bodies, paths


class TestEveryOperation:
    @pytest.mark.parametrize("operation", SCOPES)
    def test_answers_its_owner_and_is_counted(self, operation, ada, home, battery, sandbox):
        answer = ask(ada, operation, home, battery)

        assert answer.status_code == 200
        assert sandbox.calls(operation) == 1

    @pytest.mark.parametrize("operation", SCOPES)
    def test_is_refused_without_its_scope(self, operation, call, home, battery):
        others = [scope for scope in ALL_SCOPES if scope != SCOPES[operation]]

        answer = ask(call("ada", others), operation, home, battery)

        assert answer.status_code == 403
        assert answer.json()["code"] == "Forbidden"
        assert SCOPES[operation] in answer.json()["message"]

    @pytest.mark.parametrize("operation", SCOPES)
    def test_works_with_its_scope_alone(self, operation, call, home, battery):
        assert ask(call("ada", [SCOPES[operation]]), operation, home, battery).status_code == 200

    @pytest.mark.parametrize("operation", SCOPES)
    @pytest.mark.parametrize("token", ["", "Bearer", "Bearer nonsense", "Basic YTpi"])
    def test_is_refused_without_a_token(self, operation, token, ada, home, battery):
        answer = ask(ada, operation, home, battery, headers={"Authorization": token})

        assert answer.status_code == 401
        assert set(answer.json()) == {"message", "code"}

    @pytest.mark.parametrize("operation", [name for name in SCOPES if not name.startswith("list")])
    def test_says_the_same_of_a_stranger_s_id_and_of_one_that_does_not_exist(
        self, operation, call, home, battery
    ):
        ben = call("ben")
        strange = ask(ben, operation, home, battery)
        method, path = paths(home, battery)[operation]
        for known in (home.site_id, battery.sensors[0].synth_id, battery.synth_id):
            path = path.replace(known, "nobody-has-this")
        unknown = ben.session.request(
            method, f"{ben.sandbox.url}{path}", json=bodies(battery).get(operation), timeout=10
        )

        assert (strange.status_code, strange.content) == (unknown.status_code, unknown.content)
        assert strange.status_code == 403

    @pytest.mark.parametrize("operation", ["patchDevice", "setDeviceOperationMode", "setDeviceOverlayPlan"])
    @pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000])
    def test_calls_what_is_not_json_malformed(self, operation, body, ada, home, battery):
        headers = {"Content-Type": "application/json"}
        answer = ask(ada, operation, home, battery, json=None, data=body, headers=headers)

        assert answer.status_code == 400
        assert set(answer.json()) == {"message", "code"}

    def test_is_not_found_by_any_other_path(self, ada):
        for path in ("/api", "/api/v2/sites/", "/api/v2/nothing", "/api/v2/devices/x/operationMode", "/apis"):
            answer = ada.get(path)
            assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"})

    def test_refuses_another_method(self, ada):
        answer = ada.session.post(f"{ada.sandbox.url}/api/v2/sites", timeout=10)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


class TestTheCast:
    def test_is_as_the_demo_says(self, call):
        sites = {
            name: len(call(name).get("/api/v2/sites").json()["entries"])
            for name in ("ada", "cora", "ben", "cleo", "dev", "eve", "finn")
        }

        assert sites == {"ada": 1, "cora": 1, "ben": 2, "cleo": 1, "dev": 1, "eve": 0, "finn": 1}

    def test_shares_a_home_between_two_logins(self, ada, call):
        assert ada.get("/api/v2/sites").json() == call("cora").get("/api/v2/sites").json()

    def test_gives_finn_sixty_sensors(self, call):
        finn = call("finn")
        site = finn.get("/api/v2/sites").json()["entries"][0]["siteId"]
        root = finn.get(f"/api/v2/sites/{site}/topology").json()["root"]

        def sensors(node):
            return (node["kind"] == "sensor") + sum(sensors(child) for child in node["children"])

        assert sensors(root) == 60

    def test_names_the_sensors_as_the_contract_does(self, ada, battery, home):
        root = ada.get(f"/api/v2/sites/{home.site_id}/topology").json()["root"]
        ids = [node["id"] for node in root["children"][0]["children"]]

        suffixes = ("GRID_METER_DERIVED", "bb_agg", "PV_DERIVED")
        assert ids == [f"{battery.synth_id}__{suffix}" for suffix in suffixes]


class TestPatchingADevice:
    def test_changes_what_may_change(self, ada, battery):
        path = f"/api/v2/devices/{battery.synth_id}"
        answer = ada.patch(
            path, {"synthId": battery.synth_id, "model": "New", "manufacturer": "M", "serialNumber": "7"}
        )
        read = ada.get(path).json()

        assert (answer.status_code, answer.content) == (200, b"")
        assert (read["model"], read["manufacturer"], read["serialNumber"]) == ("New", "M", "7")

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "EV"},
            {"siteId": "elsewhere"},
            {"synthId": "other"},
            {"model": 5},
            {"model": None},
            {"model": "x" * 257},
        ],
    )
    def test_refuses_what_may_not_and_changes_nothing(self, change, ada, battery):
        path = f"/api/v2/devices/{battery.synth_id}"
        before = ada.get(path).json()
        answer = ada.patch(path, {"synthId": battery.synth_id, "manufacturer": "changed"} | change)

        assert answer.status_code == 422
        assert ada.get(path).json() == before

    def test_needs_the_id_as_the_contract_does(self, ada, battery):
        assert ada.patch(f"/api/v2/devices/{battery.synth_id}", {"model": "New"}).status_code == 422


class TestTheMode:
    def test_is_set_and_read_back(self, ada, battery):
        path = f"/api/v2/devices/{battery.synth_id}/operationmode"

        assert ada.get(path).json() == {"mode": "Simple"}
        assert ada.put(path, {"mode": "Smart"}).json() == {"mode": "Smart"}
        assert ada.get(path).json() == {"mode": "Smart"}

    @pytest.mark.parametrize("mode", ["Unknown", "smart", "Ѕmart", "", None, 1, ["Simple"], {}])
    def test_refuses_a_word_that_is_no_mode(self, mode, ada, battery):
        path = f"/api/v2/devices/{battery.synth_id}/operationmode"

        assert ada.put(path, {"mode": mode}).status_code == 422
        assert ada.get(path).json() == {"mode": "Simple"}

    def test_is_unknown_where_there_is_none(self, call, sandbox):
        dev = call("dev")
        inverter = sandbox.world.customer("dev").homes[0].devices[0]
        path = f"/api/v2/devices/{inverter.synth_id}/operationmode"

        assert dev.get(path).json() == {"mode": "Unknown"}
        assert dev.put(path, {"mode": "Simple"}).status_code == 422

    def test_is_never_smart_in_a_small_battery(self, call, sandbox):
        small = sandbox.world.customer("cleo").homes[0].devices[0]
        answer = call("cleo").put(f"/api/v2/devices/{small.synth_id}/operationmode", {"mode": "Smart"})

        assert (answer.status_code, answer.json()["message"]) == (
            422,
            "Smart needs a battery of at least 4.8 kWh",
        )
