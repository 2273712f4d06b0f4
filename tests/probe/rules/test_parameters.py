"""Which names of parameters are honored: one answer beside another."""

from datetime import timedelta

import pytest

from gridshare_portal.probe.answers import COUNTERS, Answer
from gridshare_portal.probe.rules import parameters
from tests.probe.made import END, START, entries, given, refused

QUARTERS = given(entries())
HOURS = given(entries(step=timedelta(hours=1)))
ONE = given(entries(step=timedelta(days=1)))
EMPTY = given([])
LATER = given(entries(start=START + timedelta(days=1), end=END + timedelta(days=1)))
NO_COUNTERS = given(
    [{name: value for name, value in one.items() if name not in COUNTERS} for one in entries()]
)


class TestAStretchOfTime:
    @pytest.mark.parametrize(("answer", "understood"), [
        (QUARTERS, True), (given(entries(at_end=True)), True), (EMPTY, False), (LATER, False), (refused(422), False),
        (given(entries(start=START - timedelta(minutes=15))), False), (Answer(error="Timeout"), False),
    ])  # fmt: skip
    def test_is_understood_where_all_readings_lie_within_it(self, answer, understood):
        assert parameters.stretch(answer, start=START, end=END) is understood

    @pytest.mark.parametrize(("answers", "understood", "word"), [
        ({"start and end": QUARTERS, "interval": LATER}, {"start and end": True, "interval": False}, "stretch"),
        ({"start and end": LATER, "interval": LATER}, {"start and end": False, "interval": False}, "stretch_ignored"),
        ({"start and end": EMPTY, "interval": refused(404)}, {"start and end": False, "interval": False}, "stretch_unknown"),
    ])  # fmt: skip
    def test_is_said_with_its_words(self, answers, understood, word):
        assert parameters.stretches(answers, understood).word == word


class TestTheStep:
    @pytest.mark.parametrize(("bucket", "resolution", "honored"), [
        ({"PT1H": HOURS}, {"PT1H": QUARTERS}, ["bucket"]),
        ({"PT1H": QUARTERS}, {"PT1H": QUARTERS, "P1D": ONE}, ["resolution"]),
        ({"PT1H": HOURS}, {"PT1H": HOURS}, ["bucket", "resolution"]),
        ({"PT1H": QUARTERS}, {"PT1H": refused(422)}, []),
        ({"PT1H": EMPTY}, {}, []),
    ])  # fmt: skip
    def test_is_honored_where_the_answer_changes(self, bucket, resolution, honored):
        assert parameters.steps(QUARTERS, {"bucket": bucket, "resolution": resolution}) == honored

    @pytest.mark.parametrize(("honored", "plain", "word"), [
        (["bucket"], QUARTERS, "step_name"), ([], QUARTERS, "step_ignored"), ([], EMPTY, "step_name_unknown"),
    ])  # fmt: skip
    def test_is_said(self, honored, plain, word):
        assert parameters.step(honored, plain).word == word


class TestGroups:
    @pytest.mark.parametrize(("default", "both", "word"), [
        (NO_COUNTERS, QUARTERS, "include"), (QUARTERS, QUARTERS, "include_always"),
        (NO_COUNTERS, NO_COUNTERS, "include_ignored"), (EMPTY, EMPTY, "include_unknown"),
    ])  # fmt: skip
    def test_are_seen_by_the_counters(self, default, both, word):
        assert parameters.include(default, both).word == word


class TestAggregation:
    OTHER = given(entries(power=1.1))

    @pytest.mark.parametrize(("default", "latest", "nonsense", "word"), [
        (QUARTERS, OTHER, QUARTERS, "aggregation"), (QUARTERS, QUARTERS, refused(422), "aggregation"),
        (QUARTERS, QUARTERS, QUARTERS, "aggregation_ignored"), (QUARTERS, refused(500), QUARTERS, "aggregation_ignored"),
        (QUARTERS, QUARTERS, refused(500), "aggregation_ignored"), (EMPTY, EMPTY, EMPTY, "aggregation_unknown"),
    ])  # fmt: skip
    def test_is_honored_where_values_change_or_nonsense_is_refused(self, default, latest, nonsense, word):
        assert parameters.aggregation(default, latest, nonsense).word == word


class TestOtherNames:
    @pytest.mark.parametrize(("limited", "word"), [
        (given(entries()[:5]), "size"), (QUARTERS, "size_ignored"), (EMPTY, "size_ignored"), (refused(400), "size_ignored"),
    ])  # fmt: skip
    def test_make_an_answer_shorter(self, limited, word):
        told = parameters.sizes(QUARTERS, {"limit": limited, "page": QUARTERS})

        assert told.word == word and "limit" in told.sentence

    @pytest.mark.parametrize(("whole", "word"), [
        (given([], root=1), "compact"), (given([]), "compact_ignored"), (refused(403), "compact_unknown"),
    ])  # fmt: skip
    def test_unfold_a_tree(self, whole, word):
        assert parameters.unfolded(given([]), whole).word == word
