"""Overlay plans in the published form and in the live form."""

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
            "commands": [{"kind": "setpoint", "durationMinutes": 60}],
        }

        (command,) = wire.plan(body).commands

        assert (command.action, command.power_limit_w) == ("setpoint", None)

    @pytest.mark.parametrize(
        ("wrong", "where"),
        [
            ({"powerLimit_W": "5"}, "commands[1].powerLimit_W"),
            ({"powerLimit_W": float("inf")}, "commands[1].powerLimit_W"),
            ({"start": "yesterday"}, "commands[1].start"),
            ({"end": None}, "commands[1].end"),
        ],
    )
    def test_with_a_command_that_cannot_be_read_keep_the_others(self, wrong, where):
        hours = [
            {"action": "charge", "start": f"2026-06-01T0{n}:00:00Z", "end": f"2026-06-01T0{n + 1}:00:00Z"}
            for n in range(3)
        ]

        found = wire.plan({"commands": [hours[0], hours[1] | wrong, hours[2]]})

        assert [command.start.hour for command in found.commands] == [0, 2]
        assert [one.where for one in found.unusable] == [where]

    def test_of_lengths_keep_what_comes_behind_as_far_as_its_time_is_known(self):
        idle, odd = {"kind": "idle", "durationMinutes": 60}, {"kind": "charge", "durationMinutes": 60}
        known = {"startTime": "2026-06-01T00:00:00Z", "commands": [idle, odd | {"power_W": "much"}, idle]}
        lost = known | {"commands": [idle, {"kind": "charge", "durationMinutes": "60"}, idle, "no"]}

        behind, before = wire.plan(known), wire.plan(lost)

        assert [command.start.hour for command in behind.commands] == [0, 2]
        assert [one.where for one in behind.unusable] == ["commands[1].power_W"]
        assert [command.start.hour for command in before.commands] == [0]
        assert [one.where for one in before.unusable] == [
            "commands[1].durationMinutes",
            "commands[2]: its start is not known",
            "commands[3]",
        ]

    def test_that_nobody_answered_are_none(self):
        assert wire.plan(None) == types.Plan()
        assert wire.plan({"commands": []}) == types.Plan()
        assert wire.plan({}) == types.Plan()

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"commands": None},
            {"message": "not now"},
            {"commands": ["charge"]},
            {"commands": [{"action": "charge"}]},
            {"commands": [{"kind": "idle", "durationMinutes": 30}]},
            {"commands": [{"kind": "idle", "durationMinutes": "30"}], "startTime": "2026-06-01T00:00:00Z"},
            {"commands": [{"kind": "idle", "durationMinutes": 60}], "startTime": "9999-12-31T23:30:00Z"},
            {
                "commands": [{"kind": "charge", "durationMinutes": 60, "power_W": "much"}],
                "startTime": "2026-06-01T00:00:00Z",
            },
            {
                "commands": [
                    {"action": "charge", "start": "2026-06-01", "end": "2026-06-02", "powerLimit_W": "5"}
                ]
            },
        ],
    )
    def test_that_cannot_be_read_whole_are_an_error(self, body):
        with pytest.raises(values.Misshapen):
            wire.plan(body)


HALF = timedelta(minutes=30)
