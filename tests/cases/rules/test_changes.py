"""Findings about changes that did not take, on plain facts."""

import pytest

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause
from gridshare_portal.cases.rules import changes as rules_changes
from tests.cases.facts import HOUR, MINUTE, NOON, causes, found, home


class TestChanges:
    def changed(self, outcome, ago):
        return home(changes=(facts.Change(device="bat", kind="mode", outcome=outcome, made_at=NOON - ago),))

    def test_that_the_device_contradicts_are_found_at_once(self):
        assert list(found(self.changed("contradicted", MINUTE))) == [(Cause.CHANGE_CONTRADICTED, "mode:bat")]

    def test_that_are_unconfirmed_are_found_after_an_hour(self):
        assert causes(self.changed("unconfirmed", 50 * MINUTE)) == []
        assert causes(self.changed("unconfirmed", 70 * MINUTE)) == [Cause.CHANGE_UNCONFIRMED]

    @pytest.mark.parametrize("outcome", ["confirmed", "open", "overtaken", "failed"])
    def test_that_went_well_were_overtaken_never_took_or_are_on_their_way_are_nothing(self, outcome):
        assert causes(self.changed(outcome, 5 * HOUR)) == []

    def test_are_forgotten_after_a_week(self):
        assert causes(self.changed("contradicted", rules_changes.FORGOTTEN)) == []
