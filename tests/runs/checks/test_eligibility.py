from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.control import operations
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types
from gridshare_portal.runs.checks import eligibility, local_plans
from gridshare_portal.runs.dispatch import abort_policy
from tests import plans

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SMART = operations.AskMode(mode="Smart")
CHARGING = operations.AskPlan(plan=plans.charge_now(now=NOW, lasting=timedelta(hours=2)))
OTHER = plans.charge_now(now=NOW, lasting=timedelta(hours=5))
OVER = plans.charge_now(now=NOW - timedelta(hours=3), lasting=timedelta(hours=1))
SCOPES = frozenset(
    {operations.DEVICE_READ, operations.DEVICE_WRITE, operations.PLAN_READ, operations.PLAN_WRITE}
)
READY = eligibility.Facts(
    right="control", is_connected=True, scopes=SCOPES, batteries=1, read_at=NOW, mode="Simple", mode_read_at=NOW
)  # fmt: skip


def why(asked=SMART, **other):
    return eligibility.verdict_of(replace(READY, **other), asked, now=NOW).why


class TestAHome:
    @pytest.mark.parametrize("asked", [SMART, CHARGING])
    def test_takes_part_when_nothing_stands_in_the_way(self, asked):
        assert why(asked) == ""

    def test_is_left_alone_where_a_step_of_its_plan_could_not_be_read(self):
        in_part = types.Plan(commands=OVER.commands, unusable=(rules.UNREAD,))

        assert why(CHARGING, plan=OVER) == ""
        assert why(CHARGING, plan=in_part) == "own_plan"
        cancel = eligibility.of_cancel(READY, CHARGING, before=in_part, now=NOW)
        assert cancel.why == "before_unknown"

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"right": ""}, "no_consent"),
            ({"right": "view"}, "view_only"),
            ({"ask_first": True}, "ask_first"),
            ({"is_connected": False}, "connection_ended"),
            ({"scopes": frozenset()}, "no_scope"),
            ({"batteries": 0}, "no_battery"),
            ({"batteries": 2}, "several_batteries"),
            ({"read_at": None}, "stale"),
            ({"read_at": NOW - timedelta(hours=25)}, "stale"),
            ({"mode": "Unknown"}, "unknown_mode"),
            ({"fault": "There is no 02:30."}, "times"),
            ({"is_changing": True}, "changing"),
        ],
    )
    @pytest.mark.parametrize("asked", [SMART, CHARGING])
    def test_is_skipped_and_told_why(self, asked, facts, reason):
        verdict = eligibility.verdict_of(replace(READY, **facts), asked, now=NOW)

        assert verdict.why == reason and verdict.sentence.endswith(".")
        assert not verdict.is_eligible and reason in eligibility.REASONS

    @pytest.mark.parametrize("missing", [operations.DEVICE_READ, operations.DEVICE_WRITE])
    def test_needs_to_be_read_as_well_as_written(self, missing):
        assert why(SMART, scopes=SCOPES - {missing}) == "no_scope"

    def test_is_already_so_only_if_it_said_so_within_the_hour(self):
        assert why(mode="Smart") == "already_so"
        assert why(mode="Smart", mode_read_at=NOW - timedelta(hours=2)) == ""

    def test_keeps_a_plan_that_is_not_ours(self):
        assert why(CHARGING, plan=OTHER, plan_read_at=NOW) == "own_plan"
        assert why(CHARGING, plan=OTHER, plan_read_at=NOW - timedelta(hours=20)) == "own_plan"

    def test_gives_up_a_plan_that_is_over_or_ours(self):
        assert why(CHARGING, plan=OVER, plan_read_at=NOW) == ""
        assert why(CHARGING, plan=OTHER, our_plan=OTHER, plan_read_at=NOW) == ""

    def test_has_the_plan_already(self):
        assert why(CHARGING, plan=CHARGING.plan, plan_read_at=NOW) == "already_so"

    @given(
        right=st.sampled_from(["", "view", "control"]),
        ask_first=st.booleans(),
        is_connected=st.booleans(),
        scopes=st.frozensets(st.sampled_from(sorted(SCOPES))),
        batteries=st.integers(0, 3),
        hours=st.integers(0, 60),
        mode=st.sampled_from(["", "Simple", "Unknown"]),
        is_changing=st.booleans(),
        plan=st.sampled_from([None, OTHER, OVER, types.Plan()]),
        asked=st.sampled_from([SMART, CHARGING]),
    )
    def test_takes_part_exactly_when_everything_allows_it(self, hours, asked, **facts):
        read_at = NOW - timedelta(hours=hours)
        verdict = eligibility.verdict_of(eligibility.Facts(read_at=read_at, **facts), asked, now=NOW)

        allowed = facts["right"] == "control" and not facts["ask_first"] and facts["is_connected"]
        able = {asked.scope, asked.reading_scope} <= facts["scopes"] and facts["batteries"] == 1
        known = hours <= 24 and facts["mode"] != "Unknown" and not facts["is_changing"]
        free = asked == SMART or facts["plan"] != OTHER
        assert verdict.is_eligible == (allowed and able and known and free)
        assert bool(verdict.sentence) != verdict.is_eligible


class TestTakingBack:
    def test_puts_back_only_what_the_run_set(self):
        there = replace(READY, plan=CHARGING.plan, our_plan=CHARGING.plan)

        assert eligibility.of_cancel(there, CHARGING, before=rules.NO_PLAN, now=NOW).is_eligible
        changed = replace(there, plan=OTHER)
        assert eligibility.of_cancel(changed, CHARGING, before=rules.NO_PLAN, now=NOW).why == "changed_since"
        assert eligibility.of_cancel(there, CHARGING, before=None, now=NOW).why == "before_unknown"


class TestTooMany:
    @pytest.mark.parametrize(
        ("failures", "confirmed", "limit_pct", "stops"),
        [(0, 0, 0, False), (1, 9, 10, False), (2, 8, 10, True), (1, 0, 0, True), (5, 0, 100, False)],
    )
    def test_is_more_than_the_share_of_homes_whose_end_is_known(self, failures, confirmed, limit_pct, stops):
        score = abort_policy.Score(failures=failures, confirmed=confirmed, open=7)

        assert abort_policy.too_many(score, limit_pct=limit_pct) == stops


def rows(start, end):
    return [rules.TypedCommand(start=start, end=end, action="discharge", power_limit_w=2000.0)]


class TestLocalTimes:
    @given(
        zone=st.sampled_from(
            ["America/Los_Angeles", "America/New_York", "Pacific/Honolulu", "Europe/Berlin"]
        ),
        day=st.integers(0, 720),
    )
    def test_are_shown_by_each_home_s_own_clock(self, zone, day):
        local = datetime(2026, 1, 1, 17, 0) + timedelta(days=day)
        now = (local - timedelta(days=1)).replace(tzinfo=UTC)
        kept = local_plans.to_json(rows(local, local + timedelta(hours=3)))

        plan, fault = local_plans.plan_for(local_plans.from_json(kept), zone=ZoneInfo(zone), now=now)

        assert fault == ""
        shown = plan.commands[0].start.astimezone(ZoneInfo(zone))
        assert shown.replace(tzinfo=None) == local and plan.commands[0].power_limit_w == 2000.0

    @pytest.mark.parametrize(
        ("local", "words"),
        [(datetime(2027, 3, 14, 2, 30), "there is no 02:30"), (datetime(2026, 11, 1, 1, 30), "comes twice")],
    )
    def test_that_a_clock_skips_or_shows_twice_are_not_guessed(self, local, words):
        now = (local - timedelta(days=1)).replace(tzinfo=UTC)
        asked = rows(local, local + timedelta(hours=6))

        plan, fault = local_plans.plan_for(asked, zone=ZoneInfo("America/New_York"), now=now)
        assert plan is None and words in fault
        plan, fault = local_plans.plan_for(asked, zone=ZoneInfo("Pacific/Honolulu"), now=now)
        assert plan is not None and fault == ""

    def test_have_no_offset(self):
        kept = local_plans.to_json(rows(NOW, NOW + timedelta(hours=1)))

        with pytest.raises(ValueError, match="no offset"):
            local_plans.from_json(kept)
