"""A home's health as a whole, on plain facts: no database, no clock but the one that is passed in."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.cases import words
from gridshare_portal.cases.examining import facts, health
from gridshare_portal.cases.findings import MEANINGS, Cause, Severity
from gridshare_portal.lunar import scopes
from tests.cases.facts import (
    ALL,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    ZONE,
    causes,
    home,
    sensor,
    with_connection,
    with_share,
)


class TestAHealthyHome:
    def test_has_no_finding(self):
        assert causes(home()) == []

    def test_may_be_brand_new_and_silent(self):
        assert causes(home(sensor("grid", None), known_since_at=NOON - HOUR)) == []


class TestFindings:
    def test_come_the_worst_first(self):
        many = home(sensor("grid"), sensor("battery", 3 * HOUR), sensor("ev", 5 * HOUR))
        many = with_share(with_connection(many, scopes=ALL - {scopes.PLAN_READ}), until_at=NOON + DAY)
        levels = [one.severity for one in health.findings(many, set(), now=NOON)]

        assert len(levels) >= 4 and levels == sorted(levels)

    def test_of_every_cause_have_a_sentence_and_say_what_to_do(self):
        data = {"until_at": NOON.isoformat(), "role": "grid", "kind": "mode", "light_s": 30_000, "error": "forbidden",
                "day": "2026-06-14", "through_wh": 20_000, "remainder_wh": -4000, "off_pct": 20.0}  # fmt: skip
        for cause in Cause:
            said = words.sentence(cause, "mode:x", data, since_at=NOON - DAY, zone=ZONE, now=NOON)
            assert said.endswith(".") and said[0].isupper() and "None" not in said
            assert words.ADVICE[cause].endswith(".") and 0 < len(words.STEPS[cause]) <= 40

    def test_have_levels_that_are_defined(self):
        assert set(MEANINGS) == set(Severity)
        assert all(one.meaning.endswith(".") and one.glyph for one in Severity)

    @given(
        st.lists(
            st.tuples(st.sampled_from(["grid", "battery", "solar", "ev"]), st.integers(0, 5000)), max_size=5
        ),
        st.integers(0, 20),
        st.sampled_from(["", "forbidden", "timeout", "ended", "fault"]),
        st.booleans(),
    )
    def test_are_one_of_a_kind_and_in_the_past_whatever_the_facts(self, told, failures, error, is_active):
        sensors = tuple(
            replace(sensor(role, ago * MINUTE, made_ago=ago * MINUTE), synth_id=str(place))
            for place, (role, ago) in enumerate(told)
        )
        one = with_connection(home(*sensors), is_active=is_active)
        one = replace(one, collection=facts.Collection(answered_at=NOON, failures=failures, error=error))
        listed = health.findings(one, set(), now=NOON)

        assert len({each.key for each in listed}) == len(listed)
        assert all(each.since_at <= NOON for each in listed)
