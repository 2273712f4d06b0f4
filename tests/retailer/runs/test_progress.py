from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.retailer.runs import progress, words
from gridshare_portal.retailer.runs.words import R, S
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs.models import Run

counts = st.dictionaries(st.sampled_from([state for state in S if state != S.SKIPPED]), st.integers(0, 10**5))


def line_counts(skipped=0, **states):
    found = {S[name.upper()]: count for name, count in states.items()}
    return run_queries.LineCounts(
        states=found | {S.SKIPPED: skipped}, skipped={"stale": skipped} if skipped else {}
    )


class TestTheBar:
    @given(counts)
    def test_has_no_gap_and_is_full_only_when_every_home_had_its_turn(self, states):
        of = run_queries.LineCounts(states={state: count for state, count in states.items()}, skipped={})
        parts = progress.bar(of)

        ends = [0, *(part.start + part.length for part in parts)]
        assert [part.start for part in parts] == ends[:-1]
        assert ends[-1] <= progress.WHOLE
        if of.homes:
            assert (ends[-1] == progress.WHOLE) == (of.finished == of.homes)

    def test_leaves_out_who_does_not_take_part(self):
        [part] = progress.bar(line_counts(skipped=90, confirmed=5, waiting=5))

        assert (part.look, part.start, part.length) == ("good", 0, 500)

    def test_tells_what_went_well_from_what_did_not(self):
        looks = [part.look for part in progress.bar(line_counts(confirmed=1, unconfirmed=1, contradicted=1))]

        assert sorted(looks) == ["attention", "bad", "good"]


class TestWhatFollows:
    @pytest.mark.parametrize(
        ("state", "counted", "said"),
        [
            (R.DRAFT, line_counts(unchecked=3), "When every home is checked, you can start the run."),
            (R.CHECKED, line_counts(waiting=3), ""),
            (R.PAUSED, line_counts(waiting=3), "Nothing more is sent until somebody lets it go on."),
            (
                R.PAUSED,
                line_counts(waiting=3, taken=1),
                "Homes on their way come to their end. Nothing more is sent until somebody lets it go on.",
            ),
            (R.DONE, line_counts(confirmed=3), "Every home has its receipt."),
            (
                R.DONE,
                line_counts(confirmed=3, failed=1),
                "1 failed and changed nothing: you can try it again.",
            ),
            (
                R.STOPPED,
                line_counts(failed=1200),
                "1,200 failed and changed nothing: you can try them again.",
            ),
        ],
    )
    def test_is_said_in_every_state(self, state, counted, said):
        assert progress.following(Run(state=state), counted) == said

    def test_names_the_first_homes_before_the_others(self):
        run = Run(state=R.RUNNING, canary=5)

        assert progress.following(run, line_counts(waiting=9)).startswith("The first 5 homes go alone.")

    def test_says_how_long_at_the_common_pace(self, settings):
        settings.RUNS_PER_MINUTE = 600

        assert "about 2\u202fh" in progress.following(Run(state=R.RUNNING), line_counts(waiting=72_000))
        assert "about 1\u202fmin" in progress.following(Run(state=R.RUNNING), line_counts(taken=1))

    def test_is_never_a_question_left_open(self):
        for state in R:
            assert isinstance(progress.following(Run(state=state), line_counts()), str)


class TestLookingAgain:
    @pytest.mark.parametrize(
        ("state", "counted", "after_s"),
        [
            (R.READING, line_counts(), 3),
            (R.DRAFT, line_counts(unchecked=3), 3),
            (R.CHECKED, line_counts(waiting=3), 0),
            (R.RUNNING, line_counts(waiting=3), 3),
            (R.PAUSED, line_counts(waiting=3), 0),
            (R.PAUSED, line_counts(waiting=3, taken=1), 3),
            (R.STOPPING, line_counts(taken=1), 3),
            (R.STOPPED, line_counts(confirmed=1), 0),
            (R.DONE, line_counts(confirmed=3, failed=1), 0),
            (R.DONE, line_counts(confirmed=3, unconfirmed=1), 30),
            (R.VOID, line_counts(), 0),
        ],
    )
    def test_lasts_while_something_may_change_by_itself(self, state, counted, after_s):
        assert progress.looks_again_s(Run(state=state), counted) == after_s

    def test_waits_for_the_moment_of_a_run_that_starts_later(self):
        run = Run(state=R.CHECKED, start_at=datetime(2026, 11, 23, 17, tzinfo=UTC))

        assert progress.looks_again_s(run, line_counts(waiting=3)) == 3


def test_a_plan_within_one_day_names_the_day_once():
    times = {"start": "2026-11-23T17:00:00", "end": "2026-11-23T19:00:00"}
    row = {**times, "action": "discharge", "power_limit_w": None}
    over_midnight = {**row, "end": "2026-11-24T01:00:00"}
    run = Run(kind="plan", asked={"commands": [row, over_midnight]})

    assert words.terms(run) == [
        "Discharge Mon 23 Nov, 17:00 to 19:00, each home’s own time",
        "Discharge Mon 23 Nov, 17:00 to Tue 24 Nov, 01:00, each home’s own time",
    ]
