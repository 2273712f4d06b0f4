import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types

LA = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)  # ten in the morning there
TEN = datetime(2026, 6, 1, 10, 0)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def row(start=TEN, end=TEN + HOUR, action="charge", power_limit_w=None):
    return rules.TypedCommand(start=start, end=end, action=action, power_limit_w=power_limit_w)


def faults(*rows, limit_w=5000.0, now=NOW):
    return [(fault.row, fault.field) for fault in rules.faults(rows, now=now, zone=LA, limit_w=limit_w)]


class TestARow:
    @pytest.mark.parametrize(
        "good",
        [
            row(),
            row(action="hold", power_limit_w=0.0),
            row(action="hold", power_limit_w=-0.0),
            row(power_limit_w=5000.0),
            row(start=TEN - 5 * MINUTE),
            row(end=TEN + MINUTE),
            row(end=TEN + 24 * HOUR),
            row(action="follow"),
        ],
    )
    def test_may_ask_for_what_can_be_done(self, good):
        assert faults(good) == []

    @pytest.mark.parametrize(
        ("bad", "field"),
        [
            (row(end=TEN), "end"),
            (row(end=TEN - HOUR), "end"),
            (row(end=TEN + timedelta(seconds=1)), "end"),
            (row(start=TEN - 6 * MINUTE), "start"),
            (row(start=None), "start"),
            (row(end=None), "end"),
            (row(end=TEN + 24 * HOUR + MINUTE), "end"),
            (row(start=TEN + timedelta(days=8), end=TEN + timedelta(days=8, hours=1)), "start"),
            (row(end=datetime(9999, 12, 31, 23, 59)), "end"),
            (row(start=datetime(1, 1, 1)), "start"),
            (row(power_limit_w=-1.0), "power_limit_w"),
            (row(power_limit_w=math.nan), "power_limit_w"),
            (row(power_limit_w=math.inf), "power_limit_w"),
            (row(power_limit_w=5001.0), "power_limit_w"),
            (row(action="explode"), "action"),
            (row(action=""), "action"),
        ],
    )
    def test_is_refused_at_the_field_in_a_sentence(self, bad, field):
        found = rules.faults([bad], now=NOW, zone=LA, limit_w=5000.0)

        assert (0, field) in [(fault.row, fault.field) for fault in found]
        assert all(fault.sentence.endswith((".", "?")) for fault in found)

    def test_is_refused_when_no_home_has_that_power_even_if_the_limit_is_not_known(self):
        assert faults(row(power_limit_w=1e308), limit_w=None) == [(0, "power_limit_w")]

    @pytest.mark.parametrize(
        ("moment", "word"),
        [(datetime(2026, 3, 8, 2, 30), "no 02:30"), (datetime(2026, 11, 1, 1, 30), "twice")],
    )
    def test_is_refused_in_the_hour_that_is_skipped_or_repeated(self, moment, word):
        night = datetime(moment.year, moment.month, moment.day, tzinfo=LA)
        late = moment.replace(hour=6)
        (at_start,) = rules.faults([row(moment, late)], now=night, zone=LA)
        (at_end,) = rules.faults([row(moment.replace(hour=0), moment)], now=night, zone=LA)

        assert (at_start.field, at_end.field) == ("start", "end")
        assert word in at_start.sentence and word in at_end.sentence


class TestAPlan:
    def test_may_have_rows_that_touch(self):
        assert faults(row(), row(TEN + HOUR, TEN + 2 * HOUR, "hold")) == []

    def test_is_refused_where_two_rows_overlap_by_a_second(self):
        later = row(TEN + HOUR - timedelta(seconds=1), TEN + 2 * HOUR)

        assert faults(row(), later) == [(1, "start")]
        assert faults(later, row()) == [(0, "start")]

    def test_is_refused_when_a_row_lies_within_another(self):
        rows = row(TEN, TEN + 5 * HOUR), row(TEN + HOUR, TEN + 2 * HOUR), row(TEN + 4 * HOUR, TEN + 6 * HOUR)

        assert faults(*rows) == [(1, "start"), (2, "start")]

    def test_is_refused_beyond_a_day(self):
        tomorrow = row(TEN + 23 * HOUR, TEN + 24 * HOUR + MINUTE)

        assert faults(row(), tomorrow) == [(1, "end")]

    def test_of_a_day_is_measured_in_hours_and_not_by_the_clock(self):
        midnight = datetime(2026, 11, 1)
        night = midnight.replace(tzinfo=LA)

        assert faults(row(midnight, midnight + 23 * HOUR), now=night) == []
        assert faults(row(midnight, midnight + 24 * HOUR), now=night) == [(0, "end")]

    def test_has_at_most_48_rows(self):
        rows = [row(TEN + n * 15 * MINUTE, TEN + (n + 1) * 15 * MINUTE) for n in range(50)]

        assert faults(*rows[:48]) == []
        assert (None, "") in faults(*rows)

    def test_survives_the_way_to_the_form_and_back(self):
        plan = rules.plan_of([row(power_limit_w=900.0), row(TEN + HOUR, TEN + 2 * HOUR, "hold")], zone=LA)

        assert plan.commands[0].start == NOW
        assert rules.plan_of(rules.rows_of(plan, zone=LA), zone=LA) == plan
        assert rules.from_json(rules.to_json(plan)) == plan

    def test_that_runs_can_be_edited_from_now_on(self):
        plan = rules.plan_of(
            [row(TEN - 3 * HOUR, TEN - HOUR), row(TEN - HOUR, TEN + HOUR), row(TEN + HOUR, TEN + 2 * HOUR)],
            zone=LA,
        )

        rest = rules.rest_of(plan, now=NOW + timedelta(seconds=20))

        assert [command.start for command in rest.commands] == [NOW, NOW + HOUR]
        assert faults(*rules.rows_of(rest, zone=LA)) == []


@st.composite
def rows(draw):
    minutes = st.integers(-400, 3000)
    power = st.none() | st.floats(allow_nan=True, allow_infinity=True)
    action = st.sampled_from([*rules.ACTIONS, "dance"])
    moment = st.none() | minutes.map(lambda n: TEN + n * MINUTE)
    return [
        row(draw(moment), draw(moment), draw(action), draw(power)) for _ in range(draw(st.integers(0, 6)))
    ]


class TestWhatPasses:
    @given(rows())
    def test_keeps_every_rule_at_once(self, asked):
        if rules.faults(asked, now=NOW, zone=LA, limit_w=5000.0):
            return
        commands = rules.plan_of(asked, zone=LA).commands

        for command in commands:
            assert NOW - 5 * MINUTE <= command.start < command.end
            assert command.power_limit_w is None or 0 <= command.power_limit_w <= 5000
        for earlier, later in zip(commands, commands[1:], strict=False):
            assert earlier.end <= later.start
        if commands:
            assert commands[-1].end - commands[0].start <= 24 * HOUR

    @given(rows())
    def test_does_not_depend_on_the_order_of_the_rows(self, asked):
        there = rules.faults(asked, now=NOW, zone=LA, limit_w=5000.0)
        back = rules.faults(asked[::-1], now=NOW, zone=LA, limit_w=5000.0)

        assert bool(there) == bool(back)


class TestTheFingerprint:
    def test_tells_plans_apart_and_keeps_what_is_the_same(self):
        plan = rules.plan_of([row(power_limit_w=900.0)], zone=LA)
        elsewhere = types.Plan(
            commands=tuple(
                types.Command(
                    start=command.start.astimezone(LA),
                    end=command.end,
                    action=command.action,
                    power_limit_w=900,
                    extra={"note": "x"},
                )
                for command in plan.commands
            )
        )
        others = [
            types.Plan(),
            rules.plan_of([row(power_limit_w=901.0)], zone=LA),
            rules.plan_of([row(action="hold", power_limit_w=900.0)], zone=LA),
            rules.plan_of([row(end=TEN + 2 * HOUR, power_limit_w=900.0)], zone=LA),
            rules.plan_of([row()], zone=LA),
        ]

        assert rules.fingerprint(elsewhere) == rules.fingerprint(plan)
        assert len({rules.fingerprint(other) for other in [plan, *others]}) == 6
