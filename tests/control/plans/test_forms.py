from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from gridshare_portal.control.plans import forms as plan_forms
from gridshare_portal.control.plans import rules

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)  # midnight in Los Angeles, on the night the clocks go back


def plan(**changes):
    row = rules.TypedCommand(
        start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=2), action="charge", power_limit_w=2000.0
    )
    return rules.plan_of([replace(row, **changes)], zone=ZONE)


def sent(rows):
    """The fields of a form as a browser sends them back unchanged."""
    fields = {"rows-TOTAL_FORMS": str(len(rows.forms)), "rows-INITIAL_FORMS": "0"}
    for form in rows.forms:
        for bound in form:
            fields[bound.html_name] = bound.value() if isinstance(bound.value(), str) else shown(bound)
    return fields


def read(fields):
    """The rows as the portal reads them out of what a browser sent."""
    return plan_forms.RowSet(QueryDict(urlencode(fields)), prefix="rows")


def shown(bound):
    value = bound.field.prepare_value(bound.value())
    return "" if value is None or value is False else bound.field.widget.format_value(value)


class TestRows:
    def test_sent_back_unchanged_ask_for_the_same_plan(self):
        before = plan()

        rows = read(sent(plan_forms.rows_for(before, zone=ZONE, now=NOW)))

        assert rows.check(now=NOW, zones=[ZONE], empty="Fill in a row.")
        assert rules.fingerprint(rules.plan_of(rows.rows(), zone=ZONE)) == rules.fingerprint(before)

    def test_in_the_hour_that_comes_twice_keep_their_moment(self):
        second = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)  # 01:30 for the second time
        before = plan(start=second, end=second + timedelta(hours=1))

        rows = plan_forms.rows_for(before, zone=ZONE, now=NOW)
        again = read(sent(rows))

        assert 'type="text"' in str(rows.forms[0]["start"])
        assert again.check(now=NOW, zones=[ZONE], empty="Fill in a row.")
        assert rules.plan_of(again.rows(), zone=ZONE).commands[0].start == second

    def test_written_into_that_hour_are_refused_with_the_reason(self):
        fields = sent(plan_forms.rows_for(plan(), zone=ZONE, now=NOW)) | {"rows-0-start": "2026-11-01T01:30"}

        rows = read(fields)

        assert not rows.check(now=NOW, zones=[ZONE], empty="Fill in a row.")
        assert "comes twice" in rows.forms[0].errors["start"][0]

    def test_never_swap_an_action_that_nobody_knows_for_one_that_is_known(self):
        rows = plan_forms.rows_for(plan(action="boost"), zone=ZONE, now=NOW)

        assert 'value="" selected' in str(rows.forms[0]["action"])

    def test_that_overlap_are_refused_at_the_later_one(self):
        one = sent(plan_forms.rows_for(plan(), zone=ZONE, now=NOW))
        two = {name.replace("rows-0", "rows-1"): value for name, value in one.items() if "rows-0" in name}

        rows = read(one | two | {"rows-TOTAL_FORMS": "2"})

        assert not rows.check(now=NOW, zones=[ZONE], empty="Fill in a row.")
        assert "cannot overlap" in rows.forms[1].errors["start"][0]

    @pytest.mark.parametrize("start", ["2026-11-01T01:00", "never"])
    def test_that_are_all_removed_are_asked_for_and_not_judged(self, start):
        """Whatever is in them: an IndexError of its own once."""
        fields = {"rows-TOTAL_FORMS": "1", "rows-INITIAL_FORMS": "0", "rows-0-DELETE": "on"}
        rows = read({**fields, "rows-0-start": start, "rows-0-action": "charge"})

        assert not rows.check(now=NOW, zones=[ZONE], empty="Fill in a row.")
        assert rows.non_form_errors() == ["Fill in a row."] and rows.rows() == []

    def test_that_are_removed_are_not_judged_where_another_is_refused(self):
        fields = {"rows-TOTAL_FORMS": "2", "rows-INITIAL_FORMS": "0", "rows-0-DELETE": "on"}
        rows = read({**fields, "rows-0-start": "2026-11-01T01:00", "rows-1-start": "never"})

        assert not rows.check(now=NOW, zones=[ZONE], empty="Fill in a row.")
        assert not rows.forms[0].errors and rows.forms[1].errors and len(rows.rows()) == 1

    def test_keep_what_was_typed_when_another_is_added(self):
        fields = sent(plan_forms.rows_for(plan(), zone=ZONE, now=NOW)) | {"rows-0-power_limit_w": "abc"}

        rows = plan_forms.one_more(fields)

        assert [form["power_limit_w"].value() for form in rows.forms] == ["abc", None]
