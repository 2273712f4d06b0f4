"""The table itself: every table of the database stands in it once, and it can be read aloud."""

from collections import Counter
from datetime import timedelta

import pytest
from django.apps import apps

from gridshare_portal.lunar.tokens import pending, revocations
from gridshare_portal.retention import rules, sweep
from gridshare_portal.sites import raw_responses

# What deletes these rows is older than the table: its own length is the rule's.
ELSEWHERE = {"pending tokens": pending.KEPT, "revocation": revocations.GIVE_UP_AFTER}


class TestTheTable:
    def test_has_every_table_of_the_database_once(self):
        tables = {model._meta.label for model in apps.get_models(include_auto_created=True)}
        named = Counter(model for rule in rules.RULES for model in rule.models)

        assert set(named) == tables
        assert {model for model, count in named.items() if count > 1} == set()

    def test_has_a_sweep_for_every_length(self):
        swept = {task.rule for task in sweep.TASKS}
        with_a_length = {rule.name for rule in rules.RULES if rule.lasting}

        assert with_a_length - set(ELSEWHERE) <= swept
        assert swept <= set(rules.BY_NAME)
        assert {rule.name for rule in rules.RULES if rule.done_by == "sweep"} <= swept

    @pytest.mark.parametrize("name", ELSEWHERE)
    def test_says_the_length_that_others_keep_to(self, name):
        assert rules.length(name) == ELSEWHERE[name]

    def test_keeps_a_raw_answer_as_long_as_it_is_shown(self):
        assert rules.length("raw answer") == raw_responses.KEPT

    def test_has_something_in_each_class_and_a_name_for_each_rule(self):
        assert all(rules.of_class(data_class) for data_class in rules.DataClass)
        assert len(rules.BY_NAME) == len(rules.RULES)


class TestLengths:
    @pytest.mark.parametrize(
        ("lasting", "said"),
        [
            (timedelta(minutes=15), "15 minutes"),
            (timedelta(hours=1), "1 hour"),
            (timedelta(hours=24), "1 day"),
            (timedelta(days=30), "30 days"),
            (timedelta(days=365), "1 year"),
            (5 * rules.YEAR, "5 years"),
        ],
    )
    def test_are_said_in_the_largest_unit_that_fits(self, lasting, said):
        assert rules.words(lasting) == said
