"""The sandbox asked as an operator would ask the live service, in both dialects, as it is and as it should not be."""

from datetime import UTC, datetime

import pytest

from gridshare_portal.gridshare.client import Client
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.probe import asking, learning, report
from gridshare_portal.probe.findings import Verdict
from gridshare_portal.probe.rules import names
from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.api.faults import WRITES

NOON = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)
ALIAS = names.Alias(b"a key of this test")


@pytest.fixture(scope="module", params=["published", "live"])
def running(request):
    with wsgi.running(homes=6, now=NOON, dialect=request.param) as sandbox:
        yield sandbox, request.param


@pytest.fixture
def probe(running):
    """What is learned of the sandbox through somebody's account, with faults of readings switched on."""
    sandbox, dialect = running
    sandbox.reset()
    circuit_breaker.forget()

    def ask(*faults, username="ada", **rest):
        for kind, options in faults:
            sandbox.faults.switch_on("getDeviceTelemetry", kind, **options)
        for operation, kind in rest.items():
            sandbox.faults.switch_on(operation, kind)
        token = sandbox.pool.grant(username)["access_token"]
        client = Client(sandbox.url, lambda force=False: token)
        return asking.Prober(client, alias=ALIAS, now=sandbox.clock.now()).run()

    ask.sandbox, ask.dialect = sandbox, dialect
    return ask


def words(seen):
    return {finding.word for finding in learning.learned(seen)}


def odd(seen):
    return {finding.word for finding in learning.learned(seen) if finding.verdict is Verdict.DIFFERENT}


class TestAServiceAsItIs:
    @pytest.mark.parametrize("username", ["ada", "ben", "cleo", "dev", "finn"])
    def test_is_known_by_its_dialect_and_nothing_else_is_odd(self, probe, username):
        seen = probe(username=username)

        assert learning.settings(seen) == {"GRIDSHARE_DIALECT": probe.dialect}
        assert odd(seen) == set()

    def test_is_learned_in_every_respect(self, probe):
        seen = probe()

        assert words(seen) >= {
            f"dialect_{probe.dialect}", "ids", "kinds", "stretch", "step_name", "include", "step_as_asked", "aligned",
            "start_stamps", "complete", "no_nulls", "newest", "final", "sign", "watts", "counter_at_end", "decrement",
            "counters_grow", "possible", "charge_percent", "whole", "span", "refusal", "offered",
        }  # fmt: skip
        assert words(seen) & {"aggregation", "compact"} == (
            {"aggregation", "compact"} if probe.dialect == "live" else set()
        )

    def test_is_only_read_and_each_question_is_counted(self, probe):
        sandbox = probe.sandbox
        seen = probe()
        calls = sandbox.faults.calls()

        assert [name for name in WRITES if calls[name]] == []
        assert seen.questions == sum(calls[name] for name in calls if name.startswith(("get", "list"))) + (
            1  # the path of the mode in the other dialect's words leads nowhere
        )
        assert seen.questions < 60

    def test_is_tried_on_one_sensor_that_nobody_knows_again(self, probe):
        seen = probe()

        assert seen.tried in seen.days and seen.tried.startswith("…__bb_agg#")

    def test_that_asks_for_patience_gets_it(self, probe):
        probe.sandbox.faults.switch_on("listDevices", "too_many", retry_after=0)

        assert learning.settings(probe())["GRIDSHARE_PARALLEL"] == "1"

    def test_may_have_no_home_yet(self, probe):
        seen = probe(username="eve")

        assert learning.settings(seen) == {}
        assert odd(seen) <= {"no_root"}
        assert {"dialect_unknown", "no_ids", "no_readings"} <= words(seen)


DAY = {"since": "2026-06-15T10:00:00Z"}
MUTATIONS = [  # what the service does, and what must be said of it
    ("end_stamps", {}, {"end_stamps"}),
    ("coarser", {"step": "PT1H"}, {"coarser"}),
    ("coarser", {"step": "PT30M"}, {"coarser"}),
    ("finer", {"step": "PT5M"}, {"finer"}),
    ("fraction", {}, {"fraction"}),
    ("flipped", {}, {"flipped"}),
    ("flipped", {"sensor": "GRID"}, {"flipped"}),
    ("kilowatts", {}, {"kilowatts"}),
    ("kilowatt_hours", {}, {"kilowatt_hours"}),
    ("provisional", {"minutes": 60}, {"provisional"}),
    ("provisional", {"minutes": 60, "counters": True}, {"provisional"}),
    ("spike", DAY, {"spikes"}),
    ("replace", DAY, {"counters_fall"}),
    ("dip", {**DAY, "wh": 1e6}, {"counters_fall"}),
    ("null_again", {"asked_from": "2026-01-01T00:00:00Z", **DAY, "until": "2026-06-15T12:00:00Z"}, {"nulls"}),
    ("late_upload", {**DAY, "until": "2026-06-15T12:00:00Z", "handed_in_at": "2027-01-01T00:00:00Z"}, {"incomplete"}),
    ("not_found_for_a_while", {"sensor": "PV_DERIVED"}, {"sensor_refused"}),
    ("not_found_for_a_while", {"sensor": "bb_agg", "status": 403}, {"sensor_refused"}),
    ("paged", {"size": 50}, {"paged"}),
    ("ignored", {"parameter": "include"}, {"include_ignored"}),
]  # fmt: skip


class TestAServiceThatAnswersOtherwise:
    @pytest.mark.parametrize(("kind", "options", "expected"), MUTATIONS, ids=lambda one: str(one)[:40])
    def test_is_recognized(self, probe, kind, options, expected):
        seen = probe((kind, options))

        assert expected <= odd(seen)
        assert learning.settings(seen) == {"GRIDSHARE_DIALECT": probe.dialect}

    @pytest.mark.parametrize(("kind", "options", "expected"), MUTATIONS, ids=lambda one: str(one)[:40])
    def test_is_not_blamed_for_anything_else(self, probe, kind, options, expected):
        follows = {
            "coarser": {"step_ignored"}, "paged": {"incomplete", "span_short"}, "finer": {"step_ignored"},
            "late_upload": {"span_short"}, "null_again": set(), "replace": set(),
        }.get(kind, set())  # fmt: skip

        assert odd(probe((kind, options))) <= expected | follows

    def test_may_ignore_the_step(self, probe):
        step = {"published": "bucket", "live": "resolution"}[probe.dialect]

        assert "step_ignored" in odd(probe(("ignored", {"parameter": step})))

    def test_may_ignore_when(self, probe):
        if probe.dialect == "published":
            seen = probe(("ignored", {"parameter": "start"}), ("ignored", {"parameter": "end"}))
            assert "stretch_ignored" in odd(seen)

    def test_may_be_wrong_in_several_ways_at_once(self, probe):
        faults = [
            ("end_stamps", {}),
            ("flipped", {}),
            ("fraction", {}),
            ("kilowatts", {}),
            ("provisional", {}),
        ]

        assert odd(probe(*faults)) >= {"end_stamps", "flipped", "fraction", "kilowatts", "provisional"}

    def test_may_be_out_of_order_altogether(self, probe):
        for kind in ("server_error", "html_page", "wrong_types", "forbidden_without_code", "truncated"):
            probe.sandbox.faults.clear()
            circuit_breaker.forget()
            seen = probe(getDeviceTelemetry=kind)

            assert learning.settings(seen) == {"GRIDSHARE_DIALECT": probe.dialect}, kind
            assert words(seen) & {"no_readings", "sensor_refused", "no_json"}, kind


class TestTheReport:
    def test_names_nothing_and_nobody(self, probe):
        seen = probe(username="ben")
        told = "\n".join(
            report.lines(learning.learned(seen), settings=learning.settings(seen), questions=1, now=NOON)
        )
        world = probe.sandbox.world
        ids = {home.site_id for home in world.customer("ben").homes}
        ids |= {device.synth_id for home in world.customer("ben").homes for device in home.devices}
        ids |= {sensor.synth_id for home in world.customer("ben").homes for sensor in home.sensors}

        assert len(ids) > 10 and not [one for one in ids if one in told or one.partition("__")[0] in told]
        for device in world.customer("ben").homes[0].devices:
            for detail in (device.manufacturer, device.model, device.serial_number):
                assert detail not in told
        assert f"GRIDSHARE_DIALECT={probe.dialect}" in told
