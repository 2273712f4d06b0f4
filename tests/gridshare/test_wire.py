"""The API's words, units and signs, turned at the border."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare import types, values, wire

START = datetime(2026, 6, 1, tzinfo=UTC)
END = START + timedelta(hours=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def read_one(**fields):
    body = {"entries": [{"timestamp": "2026-06-01T00:15:00Z", **fields}]}
    (reading,) = wire.readings(body, start=START, end=END)
    return reading


class TestReadings:
    def test_turn_signs_into_directions(self):
        charging = read_one(power_W=1500, energy_Wh_increment=12.5, energy_Wh_decrement=-7)
        producing = read_one(power_W=-800.5)

        assert (charging.in_w, charging.out_w) == (1500, 0)
        assert (charging.in_wh, charging.out_wh) == (12.5, 7)
        assert (producing.in_w, producing.out_w) == (0, 800.5)

    def test_know_both_names_of_the_charge(self):
        assert read_one(stateOfCharge_pct=40).charge_pct == 40
        assert read_one(soc_percent=41.5).charge_pct == 41.5

    @pytest.mark.parametrize("wrong", ["12", True, None, [], {}, float("inf"), float("nan"), 10**400])
    def test_leave_unknown_what_is_no_number(self, wrong):
        if wrong == 10**400:
            wrong = float("inf")
        reading = read_one(
            power_W=wrong, soc_percent=wrong, voltage_V=230.1, energy_Wh_increment=wrong, state=7
        )

        assert (reading.in_w, reading.out_w, reading.charge_pct, reading.in_wh) == (None,) * 4
        assert (reading.voltage_v, reading.state) == (230.1, None)

    def test_call_nothing_zero_that_is_absent(self):
        reading = read_one()

        assert reading == types.Reading(at=START + timedelta(minutes=15))

    @pytest.mark.parametrize("charge_pct", [-20, 250, 1e300])
    def test_doubt_a_charge_that_no_battery_has(self, charge_pct):
        assert read_one(soc_percent=charge_pct).charge_pct is None

    def test_come_in_order_and_once_and_within_what_was_asked(self):
        moments = ["00:30", "00:00", "00:30", "01:00", "00:15"]  # the last at the end of the stretch
        entries = [
            {"timestamp": f"2026-06-01T{moment}:00Z", "power_W": n} for n, moment in enumerate(moments)
        ]
        entries += [
            {"timestamp": "2026-05-31T23:59:59Z"},
            {"timestamp": "2026-06-01T01:00:01Z"},
            {"timestamp": "yesterday"},
            {"power_W": 1},
            "no",
        ]

        found = wire.readings({"entries": entries}, start=START, end=END)

        assert [reading.at.minute for reading in found] == [0, 15, 30, 0]
        assert found[2].in_w == 2
        assert [one.where for one in found.unusable] == [f"entries[{n}].timestamp" for n in (7, 8, 9)]

    def test_keep_fields_nobody_has_met(self):
        assert read_one(frequency_Hz=49.98).extra == {"frequency_Hz": 49.98}

    @pytest.mark.parametrize("body", [None, [], {}, {"entries": None}, {"entries": {}}, {"entries": "none"}])
    def test_that_are_absent_are_an_error_and_not_an_empty_list(self, body):
        for read in (wire.sites, wire.devices):
            with pytest.raises(values.Misshapen):
                read(body)
        with pytest.raises(values.Misshapen):
            wire.readings(body, start=START, end=END)

    @pytest.mark.parametrize("entries", [["no"], [{}], [{"timestamp": 1, "siteId": 12, "synthId": None}]])
    def test_of_which_not_one_is_usable_do_not_look_like_none(self, entries):
        for read in (wire.sites, wire.devices, lambda body: wire.readings(body, start=START, end=END)):
            with pytest.raises(values.Misshapen):
                read({"entries": entries})
            assert read({"entries": []}) == ()

    @given(JSON)
    def test_survive_anything_that_json_can_say(self, body):
        for entries in (body, {"entries": body}, {"entries": [body]}):
            try:
                found = wire.readings(entries, start=START, end=END)
            except values.Misshapen:
                continue
            assert all(START <= reading.at < END for reading in found)


class TestWindows:
    def test_are_queried_in_the_words_of_each_dialect(self):
        assert wire.DIALECTS["published"].window(START, END) == {
            "start": "2026-06-01T00:00:00Z",
            "end": "2026-06-01T01:00:00Z",
            "bucket": "PT15M",
            "include": "default,energy",
        }
        assert wire.DIALECTS["live"].window(START, END) == {
            "interval": "2026-06-01T00:00:00Z/2026-06-01T01:00:00Z",
            "resolution": "PT15M",
            "include": "default,energy",
        }

    def test_of_moments_without_a_zone_are_refused(self):
        with pytest.raises(ValueError):
            wire.DIALECTS["live"].window(datetime(2026, 1, 1), END)


class TestModes:
    @pytest.mark.parametrize(
        ("raw", "name"), [("smart", "Smart"), ("SIMPLE", "Simple"), ("Schedule", "Schedule"), ("Eco", "Eco")]
    )
    def test_are_read_without_regard_to_case_and_kept_when_unknown(self, raw, name):
        assert wire.mode({"mode": raw}) == types.Mode(name=name, raw=raw)

    @pytest.mark.parametrize("body", [None, {}, {"mode": None}, {"mode": 3}, {"mode": ""}, "Smart"])
    def test_that_say_nothing_are_an_error(self, body):
        with pytest.raises(values.Misshapen):
            wire.mode(body)

    def test_are_written_in_the_casing_of_each_dialect(self):
        assert wire.DIALECTS["published"].mode("smart") == {"mode": "Smart"}
        assert wire.DIALECTS["live"].mode("Smart") == {"mode": "smart"}


class TestDevices:
    def test_are_read_with_whatever_is_there(self):
        found = wire.device({"kind": "interver", "model": 7, "publishingPartners": ["x"]}, requested="d1")

        assert found == types.Device(synth_id="d1", kind="inverter", extra={"publishingPartners": ["x"]})

    def test_are_changed_only_in_what_is_to_change(self):
        assert wire.details("d1", {"serial_number": "S-2"}) == {"synthId": "d1", "serialNumber": "S-2"}

    def test_with_an_id_that_leads_elsewhere_are_left_out(self):
        entries = [{"synthId": "d1", "new": 1}, {"synthId": "../d2"}, {"synthId": 3}, {}, None]

        found = wire.devices({"entries": entries})

        assert found == ("d1",)
        assert [(one.where, one.why, one.nameless) for one in found.unusable] == [
            ("entries[1].synthId", "has a dot segment", False),
            ("entries[2].synthId", "is no text", True),
            ("entries[3].synthId", "is missing", True),
            ("entries[4].synthId", "is missing", True),
        ]

    def test_of_which_the_only_one_has_an_id_nobody_can_use_are_a_list_of_none(self):
        found = wire.sites({"entries": [{"siteId": "a\nb"}]})

        assert (found, [one.why for one in found.unusable]) == ((), ["has a control character"])

    def test_at_a_site_whose_id_has_blanks_alone_are_there(self):
        assert wire.device({"siteId": " ", "synthId": "  "}, requested="d1") == types.Device(
            synth_id="  ", site_id=" "
        )


class TestTopology:
    def test_keeps_kinds_and_fields_nobody_has_met(self):
        battery = {
            "id": "d__bb_agg",
            "kind": "sensor",
            "channels": ["power_W", 3],
            "maxCapacity_J": 72_000_000,
        }
        circuit = {"id": "../up", "kind": "circuit", "phase": 1, "children": [battery, "no", None]}

        found = wire.topology({"root": {"id": "site-1", "kind": "site", "children": [circuit]}})

        (read,) = found.root.children
        assert (read.synth_id, read.kind, read.extra) == (None, "circuit", {"phase": 1})
        assert read.children == (
            types.Node(synth_id="d__bb_agg", kind="sensor", channels=("power_W",), capacity_wh=20_000),
        )

    def test_names_every_part_that_cannot_be_used_and_keeps_the_others(self):
        sensors = [{"id": "s1", "kind": "sensor"}, {"kind": "sensor"}, {"id": "..", "kind": "sensor"}]
        device = {"id": "d\x00", "kind": "device", "children": [*sensors, "no"]}
        bare = {"kind": "circuit", "children": {"id": "s4"}}

        found = wire.topology({"root": {"id": "site-1", "kind": "site", "children": [device, bare]}})

        assert [node.synth_id for node in found.root.children[0].children] == ["s1", None, None]
        assert [f"{one.where} {one.why}" for one in found.unusable] == [
            "nodes[1].id has a control character",
            "nodes[1].children[3] is no node",
            "nodes[2].children is no list",
            "nodes[4].id is missing",
            "nodes[5].id has a dot segment",
        ]

    def test_may_be_absent_or_unwrapped(self):
        assert wire.topology({}).root is None
        assert wire.topology({"root": None}).root is None
        assert wire.topology({"id": "site-1", "kind": "site"}).root.synth_id == "site-1"

    @pytest.mark.parametrize("body", [None, [], {"root": []}, {"root": "site"}])
    def test_of_another_shape_is_an_error(self, body):
        with pytest.raises(values.Misshapen):
            wire.topology(body)

    def test_may_be_ten_thousand_deep(self):
        body = {"id": "leaf", "kind": "sensor"}
        for _ in range(10_000):
            body = {"kind": "circuit", "children": [body]}

        node, depth = wire.topology({"root": body}).root, 0
        while node.children:
            (node,), depth = node.children, depth + 1

        assert (depth, node.synth_id) == (10_000, "leaf")
