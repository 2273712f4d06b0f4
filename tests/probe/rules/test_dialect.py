"""Which dialect a service speaks: votes, and what is said where they disagree."""

import pytest
from hypothesis import given as prop
from hypothesis import strategies as st

from gridshare_portal.probe.answers import Answer
from gridshare_portal.probe.rules import dialect
from tests.probe.made import given, refused

LIVE, PUBLISHED = dialect.LIVE, dialect.PUBLISHED
WRONG_ROUTE = refused(403, {"message": "Missing Authentication Token"})


def mode(word):
    return Answer(status=200, is_json=True, body={"mode": word})


def votes(**signs):
    known = {"modes": {}, "stretches": set(), "steps": [], "plan": Answer(), "day": Answer()} | signs
    return dialect.votes(**known)


class TestASign:
    @pytest.mark.parametrize(("signs", "name", "vote"), [
        ({"stretches": {LIVE}}, "stretch", LIVE),
        ({"stretches": {PUBLISHED}}, "stretch", PUBLISHED),
        ({"stretches": {LIVE, PUBLISHED}}, "stretch", None),
        ({"steps": ["resolution"]}, "step", LIVE),
        ({"steps": ["bucket"]}, "step", PUBLISHED),
        ({"steps": ["bucket", "resolution"]}, "step", None),
        ({"modes": {PUBLISHED: mode("Smart"), LIVE: WRONG_ROUTE}}, "mode_path", PUBLISHED),
        ({"modes": {PUBLISHED: WRONG_ROUTE, LIVE: mode("smart")}}, "mode_path", LIVE),
        ({"modes": {PUBLISHED: mode("smart"), LIVE: mode("smart")}}, "mode_path", None),
        ({"modes": {PUBLISHED: mode("smart"), LIVE: mode("smart")}}, "mode_case", LIVE),
        ({"modes": {PUBLISHED: mode("Unknown")}}, "mode_case", PUBLISHED),
        ({"modes": {PUBLISHED: mode("Eco")}}, "mode_case", None),
        ({"modes": {PUBLISHED: mode(5)}}, "mode_case", None),
        ({"day": given([{"soc_percent": 5}])}, "charge", LIVE),
        ({"day": given([{"stateOfCharge_pct": 5}])}, "charge", PUBLISHED),
        ({"day": given([{"stateOfCharge_pct": 5, "soc_percent": 5}])}, "charge", None),
        ({"plan": Answer(status=200, is_json=True, body={"commands": [{"durationMinutes": 5}]})}, "plan", LIVE),
        ({"plan": Answer(status=200, is_json=True, body={"startTime": "x", "commands": []})}, "plan", LIVE),
        ({"plan": Answer(status=200, is_json=True, body={"commands": [{"start": 1, "end": 2}]})}, "plan", PUBLISHED),
        ({"plan": Answer(status=200, is_json=True, body={"commands": []})}, "plan", None),
        ({"plan": refused(403)}, "plan", None),
    ])  # fmt: skip
    def test_is_a_vote_or_none(self, signs, name, vote):
        assert getattr(votes(**signs), name) == vote


class TestTheChoice:
    @pytest.mark.parametrize(("found", "choice"), [
        ({}, None),
        ({"stretch": LIVE}, LIVE),
        ({"stretch": LIVE, "step": LIVE, "mode_path": PUBLISHED}, LIVE),
        ({"stretch": PUBLISHED, "mode_path": PUBLISHED, "charge": LIVE, "plan": LIVE, "mode_case": LIVE}, PUBLISHED),
        ({"stretch": PUBLISHED, "mode_path": LIVE, "charge": LIVE}, LIVE),
        ({"mode_case": LIVE, "charge": LIVE, "plan": PUBLISHED}, LIVE),
        ({"stretch": PUBLISHED, "mode_path": LIVE}, PUBLISHED),
    ])  # fmt: skip
    def test_is_what_requests_need(self, found, choice):
        assert dialect.chosen(dialect.Votes(**found)) == choice

    @prop(st.fixed_dictionaries({name: st.sampled_from([None, LIVE, PUBLISHED]) for name in
          ("stretch", "step", "mode_path", "mode_case", "charge", "plan")}))  # fmt: skip
    def test_is_said_with_all_that_does_not_fit(self, found):
        given_votes = dialect.Votes(**found)
        choice, told = dialect.chosen(given_votes), dialect.said(given_votes)
        other = {vote for vote in found.values() if vote} - {choice}

        assert (choice is None) == (told[0].word == "dialect_unknown")
        if choice is not None:
            assert told[0].word == f"dialect_{choice}"
            assert len(told) == (2 if other else 1)

    def test_is_odd_only_where_requests_would_not_be_understood(self):
        needed = dialect.said(dialect.Votes(stretch=LIVE, step=LIVE, mode_path=PUBLISHED))
        answers = dialect.said(dialect.Votes(stretch=LIVE, step=LIVE, mode_case=PUBLISHED))

        assert [one.word for one in needed] == ["dialect_live", "dialect_mixed"]
        assert "the path of the operation mode" in needed[1].sentence
        assert [one.word for one in answers] == ["dialect_live", "dialect_mixed_answers"]
