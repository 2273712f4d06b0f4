"""Findings about energy that does not add up, on plain facts."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.cases.rules import sums
from tests.cases.facts import MIDNIGHT, causes, found, home


class TestTheBalance:
    def day(self, remainder_wh, through_wh=20_000.0, known_s=86_400):
        told = facts.BalanceFacts(
            day=date(2026, 6, 14),
            ended_at=MIDNIGHT,
            through_wh=through_wh,
            remainder_wh=remainder_wh,
            known_s=known_s,
        )
        return home(balance=told)

    def test_that_is_off_by_much_is_found(self):
        assert found(self.day(4000))[Cause.BALANCE_OFF, ""].severity == Severity.WATCH
        assert found(self.day(-9000))[Cause.BALANCE_OFF, ""].severity == Severity.SOON

    def test_that_is_off_by_little_or_hardly_known_is_nothing(self):
        assert causes(self.day(400)) == []
        assert causes(self.day(900, through_wh=2000)) == []
        assert causes(self.day(9000, known_s=3600)) == []
        assert causes(self.day(0, through_wh=0)) == []

    @given(st.floats(-2e4, 2e4), st.floats(-2e4, 2e4))
    def test_closes_later_than_it_opens(self, first, second):
        before = set(found(self.day(first)))
        fresh, held = set(found(self.day(second))), set(found(self.day(second), before))

        assert fresh <= held
        if held:
            assert abs(second) / 20_000 * 100 >= sums.OFF_CLOSES_PCT
