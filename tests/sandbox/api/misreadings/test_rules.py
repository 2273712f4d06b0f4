"""What may be said of a fault of readings, and what is refused when it is switched on."""

import pytest
import requests

from gridshare_portal.sandbox.api.faults import FITTING, Faults
from gridshare_portal.sandbox.api.misreadings import rules

SINCE = "2026-06-16T00:00:00Z"
LEAST = {  # the least that each kind has to be told
    "late_upload": {"since": SINCE, "handed_in_at": "2026-06-17T00:00:00Z"},
    "dip": {"since": SINCE, "wh": 100},
    "noise": {"wh": 5},
    "freeze": {"since": SINCE, "until": "2026-06-16T06:00:00Z"},
    "replace": {"since": SINCE},
    "spike": {"since": SINCE},
    "ignored": {"parameter": "bucket"},
}


class TestEveryKind:
    @pytest.mark.parametrize("kind", rules.RULES)
    def test_is_of_readings_only_and_named_back(self, kind, sandbox):
        fault = {"operation": "getDeviceTelemetry", "kind": kind, **LEAST.get(kind, {})}
        answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)

        assert answer.status_code == 201
        assert answer.json() == [{**fault, "times": None}]
        assert FITTING[kind] == ("getDeviceTelemetry",)

    @pytest.mark.parametrize("kind", LEAST)
    def test_says_what_it_lacks(self, kind):
        for name in LEAST[kind]:
            with pytest.raises(ValueError, match=f"{kind} needs {name}"):
                left = {known: value for known, value in LEAST[kind].items() if known != name}
                Faults().switch_on("getDeviceTelemetry", kind, **left)

    @pytest.mark.parametrize(
        ("kind", "option", "value"),
        [
            ("provisional", "hours", 1), ("flipped", "since", SINCE), ("replace", "until", SINCE),
            ("provisional", "minutes", "60"), ("provisional", "minutes", 0), ("noise", "wh", -3),
            ("noise", "wh", float("nan")), ("late_upload", "handed_in_at", "soon"),
            ("dip", "since", "2026-06-16T00:00:00"), ("coarser", "step", "PT7M"), ("null_again", "how", "gone"),
            ("dip", "counter", "sideways"), ("not_found_for_a_while", "status", 500), ("freeze", "catch_up", 2),
            ("noise", "sensor", 5), ("spike", "value", "much"),
        ],
    )  # fmt: skip
    def test_refuses_what_it_does_not_know(self, kind, option, value):
        with pytest.raises(ValueError):
            Faults().switch_on("getDeviceTelemetry", kind, **{**LEAST.get(kind, {}), option: value})

    def test_is_refused_over_http_in_a_sentence(self, sandbox):
        fault = {"operation": "getDeviceTelemetry", "kind": "noise"}
        answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)

        assert (answer.status_code, answer.json()["message"]) == (422, "noise needs wh")


class TestPlace:
    @pytest.mark.parametrize(("place", "hits"), [
        ({}, {"ada/grid", "ada/solar", "dev/grid", "dev/solar"}),
        ({"sensor": "PV_DERIVED"}, {"ada/solar", "dev/solar"}),
        ({"site": "{ada}"}, {"ada/grid", "ada/solar"}),
        ({"site": "{ada}", "sensor": "PV_DERIVED"}, {"ada/solar"}),
        ({"site": "nowhere"}, set()),
    ])  # fmt: skip
    def test_is_a_home_a_sensor_or_both(self, place, hits, sandbox, call):
        site = sandbox.world.customer("ada").homes[0].site_id
        place = {name: part.format(ada=site) for name, part in place.items()}
        sandbox.faults.switch_on("getDeviceTelemetry", "not_found_for_a_while", **place)
        found = set()
        for name in ("ada", "dev"):
            caller = call(name)
            for sensor in sandbox.world.customer(name).homes[0].sensors:
                if sensor.meaning in ("grid", "solar"):
                    status = caller.get(f"/api/v2/devices/{sensor.synth_id}/telemetry").status_code
                    found |= {f"{name}/{sensor.meaning}"} if status == 404 else set()

        assert found == hits
