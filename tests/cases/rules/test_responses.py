"""Findings about answers that Lunar refuses, on plain facts."""

import pytest

from gridshare_portal.cases.examining import facts, health
from gridshare_portal.cases.findings import Cause
from gridshare_portal.cases.rules import responses
from tests.cases.facts import DAY, HOUR, MINUTE, NOON, causes, home, sensor


class TestRefusals:
    def failing(self, failures, ago, error="forbidden"):
        told = facts.Collection(answered_at=NOON - ago, failures=failures, error=error)
        return home(sensor("grid", ago), collection=told)

    def test_in_a_row_are_found_and_hide_the_silence_they_cause(self):
        refused = health.findings(self.failing(responses.REFUSED_OPENS, 5 * HOUR), set(), now=NOON)

        assert [one.cause for one in refused] == [Cause.REFUSED]

    def test_that_are_few_or_new_are_nothing(self):
        assert Cause.REFUSED not in causes(self.failing(1, 5 * HOUR))
        assert Cause.REFUSED not in causes(self.failing(9, 10 * MINUTE))

    def test_that_may_pass_must_last_for_hours(self):
        assert Cause.REFUSED not in causes(self.failing(9, 2 * HOUR, "timeout"))
        assert Cause.REFUSED in causes(self.failing(9, 7 * HOUR, "timeout, server_error"))

    @pytest.mark.parametrize("error", ["misconfigured", "busy", "fault", "wrong_route"])
    def test_that_are_our_own_fault_are_nobody_s_case(self, error):
        assert Cause.REFUSED not in causes(self.failing(99, 5 * DAY, error))

    def test_stay_open_until_an_answer_comes(self):
        was = {(Cause.REFUSED.value, "")}

        assert Cause.REFUSED in causes(self.failing(1, MINUTE), was)
        assert Cause.REFUSED not in causes(self.failing(0, MINUTE), was)
