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
OTHER = st.dictionaries(st.sampled_from(["priority", "note", "nextToken"]), JSON, max_size=2)
WATTS = st.floats(min_value=0.5, max_value=20_000)


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
        moments = ["00:30", "00:00", "00:30", "01:00", "00:15"]
        entries = [
            {"timestamp": f"2026-06-01T{moment}:00Z", "power_W": n} for n, moment in enumerate(moments)
        ]
        entries += [{"timestamp": "2026-05-31T23:59:59Z"}, {"timestamp": "yesterday"}, {"power_W": 1}, "no"]

        found = wire.readings({"entries": entries}, start=START, end=END)

        assert [reading.at.minute for reading in found] == [0, 15, 30]
        assert found[2].in_w == 2

    def test_keep_fields_nobody_has_met(self):
        assert read_one(frequency_Hz=49.98).extra == {"frequency_Hz": 49.98}

    @pytest.mark.parametrize("body", [None, [], {}, {"entries": None}, {"entries": {}}, {"entries": "none"}])
    def test_that_are_absent_are_an_error_and_not_an_empty_list(self, body):
        for read in (wire.sites, wire.devices):
            with pytest.raises(values.Misshapen):
                read(body)
        with pytest.raises(values.Misshapen):
            wire.readings(body, start=START, end=END)

    @pytest.mark.parametrize("entries", [["no"], [{}], [{"timestamp": 1, "siteId": "..", "synthId": None}]])
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

        assert wire.devices({"entries": entries}) == ("d1",)


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


@st.composite
def plans(draw, whole_minutes):
    unit = timedelta(minutes=1) if whole_minutes else timedelta(microseconds=1)
    at, commands = START, []
    actions = ("charge", "discharge", "hold") if whole_minutes else ("charge", "follow", "float", "hold")
    for _ in range(draw(st.integers(0, 6))):
        end = at + draw(st.integers(1, 600)) * unit
        action = draw(st.sampled_from(actions))
        power_w = draw(WATTS if action == "discharge" else st.none() | WATTS)
        extra = {} if whole_minutes else draw(OTHER.map(finite))
        commands.append(types.Command(start=at, end=end, action=action, power_limit_w=power_w, extra=extra))
        at = end
    return types.Plan(commands=tuple(commands))


def finite(extra):
    return {
        key: value for key, value in extra.items() if value == value and not isinstance(value, list | dict)
    }


class TestPlans:
    @given(plans(whole_minutes=False))
    def test_survive_the_published_form_with_words_and_fields_nobody_has_met(self, plan):
        assert wire.plan(wire.DIALECTS["published"].plan(plan, now=START)) == plan

    @given(plans(whole_minutes=True))
    def test_survive_the_live_form(self, plan):
        assert wire.plan(wire.DIALECTS["live"].plan(plan, now=START)) == plan

    def test_in_the_live_form_hold_through_a_gap(self):
        plan = types.Plan(
            commands=(
                types.Command(start=START + 3 * HALF, end=START + 4 * HALF, action="hold"),
                types.Command(start=START, end=START + HALF, action="charge", power_limit_w=900),
            )
        )

        assert wire.DIALECTS["live"].plan(plan, now=END) == {
            "startTime": "2026-06-01T00:00:00Z",
            "commands": [
                {"kind": "charge", "durationMinutes": 30, "power_W": 900},
                {"kind": "idle", "durationMinutes": 60},
                {"kind": "idle", "durationMinutes": 30},
            ],
        }

    def test_in_the_live_form_leave_out_following_at_the_edges(self):
        follow = types.Command(start=START, end=START + HALF, action="follow")
        charge = types.Command(start=START + HALF, end=END, action="charge")

        written = wire.DIALECTS["live"].plan(types.Plan(commands=(follow, charge)), now=START)

        assert written["startTime"] == "2026-06-01T00:30:00Z"
        assert [command["kind"] for command in written["commands"]] == ["charge"]

    def test_in_the_live_form_need_a_start_also_when_they_are_empty(self):
        written = wire.DIALECTS["live"].plan(types.Plan(), now=START)

        assert written == {"startTime": "2026-06-01T00:00:00Z", "commands": []}

    @pytest.mark.parametrize(
        "commands",
        [
            [("charge", 0, 1, None), ("follow", 1, 2, None), ("charge", 2, 3, None)],
            [("charge", 0, 2, None), ("hold", 1, 3, None)],
            [("discharge", 0, 1, None)],
        ],
    )
    def test_that_the_live_form_cannot_say_are_refused_before_they_are_sent(self, commands):
        plan = types.Plan(
            commands=tuple(
                types.Command(start=START + a * HALF, end=START + b * HALF, action=word, power_limit_w=watts)
                for word, a, b, watts in commands
            )
        )

        with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
            wire.DIALECTS["live"].plan(plan, now=START)

    def test_keep_kinds_nobody_has_met(self):
        body = {
            "startTime": "2026-06-01T00:00:00Z",
            "commands": [{"kind": "heatWater", "durationMinutes": 60, "tank": 1}],
        }

        (command,) = wire.plan(body).commands

        assert (command.action, command.end, command.extra) == ("heatWater", END, {"tank": 1})

    @pytest.mark.parametrize("kind", [None, 7, [], {"idle": 1}])
    def test_keep_a_command_whose_kind_is_no_word_as_unknown(self, kind):
        body = {"startTime": "2026-06-01T00:00:00Z", "commands": [{"kind": kind, "durationMinutes": 60}]}

        (command,) = wire.plan(body).commands

        assert (command.action, command.end) == ("unknown", END)

    def test_call_a_setpoint_without_a_power_neither_charging_nor_zero(self):
        body = {
            "startTime": "2026-06-01T00:00:00Z",
            "commands": [{"kind": "setpoint", "durationMinutes": 60, "power_W": "much"}],
        }

        (command,) = wire.plan(body).commands

        assert (command.action, command.power_limit_w) == ("setpoint", None)

    def test_that_nobody_answered_are_none(self):
        assert wire.plan(None) == types.Plan()
        assert wire.plan({"commands": []}) == types.Plan()

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {},
            {"commands": None},
            {"commands": ["charge"]},
            {"commands": [{"action": "charge"}]},
            {"commands": [{"kind": "idle", "durationMinutes": 30}]},
            {"commands": [{"kind": "idle", "durationMinutes": "30"}], "startTime": "2026-06-01T00:00:00Z"},
            {"commands": [{"kind": "idle", "durationMinutes": 60}], "startTime": "9999-12-31T23:30:00Z"},
        ],
    )
    def test_that_cannot_be_read_whole_are_an_error(self, body):
        with pytest.raises(values.Misshapen):
            wire.plan(body)


HALF = timedelta(minutes=30)
