import pytest

from tests.sandbox.conftest import Caller


@pytest.fixture
def live(live_sandbox):
    return Caller(live_sandbox, "ada")


@pytest.fixture
def hub(live_sandbox):
    return live_sandbox.world.customer("ada").homes[0].devices[0]


class TestLiveTelemetry:
    @pytest.mark.parametrize(
        ("interval", "buckets"),
        [
            ("2026-06-01T00:00:00Z/2026-06-02T00:00:00Z", 96),
            ("2026-06-01T00:00:00Z/PT24H", 96),
            ("2026-06-01T00:00:00Z/P1DT1H30M", 102),
        ],
    )
    def test_is_asked_for_by_an_interval(self, live, hub, interval, buckets):
        entries = live.get(f"/api/v2/devices/{hub.synth_id}__bb_agg/telemetry", interval=interval).json()[
            "entries"
        ]

        assert len(entries) == buckets
        assert set(entries[0]) == {"timestamp", "power_W", "soc_percent", "state"}
        assert {entry["state"] for entry in entries} <= {"charging", "discharging", "idle"}

    @pytest.mark.parametrize(
        "params",
        [
            {}, {"interval": "2026-06-01T00:00:00Z"}, {"interval": "2026-06-01T00:00:00-07:00/PT1H"},
            {"interval": "2026-06-01T00:00:00Z/P"}, {"interval": "2026-06-01T00:00:00Z/PT0M"},
            {"interval": "2026-06-01T00:00:00Z/P9999D"}, {"interval": "9999-12-31T00:00:00Z/P1D"},
            {"interval": "2026-06-01T00:00:00Z/PT1H", "resolution": "PT1S"},
            {"interval": "2026-06-01T00:00:00Z/PT1H", "aggregation": "sum"},
        ],
    )  # fmt: skip
    def test_refuses_a_question_without_sense(self, live, hub, params):
        assert live.get(f"/api/v2/devices/{hub.synth_id}__bb_agg/telemetry", **params).status_code == 422

    def test_of_a_device_is_empty(self, live, hub):
        answer = live.get(f"/api/v2/devices/{hub.synth_id}/telemetry", interval="2026-06-01T00:00:00Z/PT24H")

        assert (answer.status_code, answer.json()) == (200, {"entries": []})

    def test_tells_the_newest_charge_when_asked(self, live, hub):
        def charge(aggregation):
            params = {
                "interval": "2026-06-01T16:00:00Z/PT1H",
                "resolution": "PT1H",
                "aggregation": aggregation,
            }
            return live.get(f"/api/v2/devices/{hub.synth_id}__bb_agg/telemetry", **params).json()["entries"][
                0
            ]["soc_percent"]

        assert charge("latest") > charge("default")  # it is charging


class TestLiveModes:
    def test_are_in_lower_case_at_a_path_with_a_capital(self, live, hub):
        path = f"/api/v2/devices/{hub.synth_id}/operationMode"

        assert live.get(path).json() == {"mode": "simple"}
        assert live.put(path, {"mode": "Smart"}).json() == {"mode": "smart"}
        assert live.get(path).json() == {"mode": "smart"}
        assert live.get(path.lower()).json() == {"message": "Missing Authentication Token"}


class TestLiveTopology:
    def test_knows_more_kinds_than_the_published_one(self, live, live_sandbox):
        home = live_sandbox.world.customer("ada").homes[0]
        root = live.get(f"/api/v2/sites/{home.site_id}/topology").json()["root"]
        battery = root["children"][0]["children"][1]

        assert root["children"][0]["kind"] == "battery_pack"
        assert "soc_percent" in battery["channels"] and "stateOfCharge_pct" not in battery["channels"]
        assert battery["maxCapacity_J"] == 72_000_000
        assert battery["children"] == []

    def test_unfolds_the_battery_when_asked(self, live, live_sandbox):
        home = live_sandbox.world.customer("ada").homes[0]
        root = live.get(f"/api/v2/sites/{home.site_id}/topology", compact="false").json()["root"]

        assert {node["kind"] for node in root["children"][0]["children"][1]["children"]} == {"bms"}

    def test_spells_an_inverter_as_the_vendor_does(self, live_sandbox):
        dev = Caller(live_sandbox, "dev")
        device = live_sandbox.world.customer("dev").homes[0].devices[0]

        assert dev.get(f"/api/v2/devices/{device.synth_id}").json()["kind"] == "interver"
