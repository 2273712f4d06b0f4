"""The rows of a plan as people type them, for one home or for many, with refusals at their fields.

What a plan may ask for is decided by control.plans.rules, by the clock of the home or by every clock of many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import QueryDict

from gridshare_portal.control.plans import fields, rules
from gridshare_portal.forms import Key, Once
from gridshare_portal.gridshare import types
from gridshare_portal.sites import clients

PREFIX = "rows"
ROWS_READ_AT_MOST = 500
FIELDS = ("start", "end", "action", "power_limit_w")
FIRST_ROW: Mapping[str, object] = {"action": "charge"}


class CommandForm(Once):
    """One row of a plan."""

    action = forms.ChoiceField(
        choices=fields.offered_or_none,
        label="Do",
        required=False,
        initial="charge",
        error_messages={"invalid_choice": "Choose from the list what the battery should do."},
    )
    start = fields.Moment(label="From", required=False)
    end = fields.Moment(label="Until", required=False)
    power_limit_w = fields.Watts(label="At most (W)", required=False)

    @property
    def empty(self) -> bool:
        """Say whether nothing was filled in, so that the row does not count."""
        typed = (self.data.get(self.add_prefix(name), "") for name in FIELDS if name != "action")
        return not any(text.strip() for text in typed)

    def row(self) -> rules.TypedCommand:
        """Return what was understood; what was refused is None."""
        known = {name: self.cleaned_data.get(name) for name in FIELDS}
        return rules.TypedCommand(**known | {"action": known["action"] or ""})


if TYPE_CHECKING:
    _Commands = BaseFormSet[CommandForm]
else:
    _Commands = BaseFormSet  # which cannot say of what while it runs


class CommandFormSet(_Commands):
    """All rows of a plan; the rules' refusals are placed at the fields they are about."""

    default_error_messages = {"too_many_forms": f"A plan has at most {rules.COMMANDS_AT_MOST} rows."}

    def live(self) -> list[CommandForm]:
        """Return the rows that count: neither empty nor removed, also where another is refused."""
        return [form for form in self.forms if not form.empty and not self._is_removed(form)]

    def _is_removed(self, form: CommandForm) -> bool:
        # Django's deleted_forms knows of none as soon as anything is refused.
        self.is_valid()  # reads what was sent
        return form.is_bound and bool(form.cleaned_data.get(DELETION_FIELD_NAME))

    def rows(self) -> list[rules.TypedCommand]:
        """Return what was understood of the rows that count."""
        return [form.row() for form in self.live()]

    def check(
        self, *, now: datetime, zones: Sequence[ZoneInfo], limit_w: float | None = None, empty: str
    ) -> bool:
        """Place what is wrong by all of the clocks, or `empty` where no row is; say whether nothing is.

        What is wrong by some of the clocks is said of the homes that keep them.
        """
        understood = self.is_valid()
        live = self.live()
        if not live and understood:
            self.non_form_errors().append(empty)
        rows, words = self.rows(), clients.plan_words()
        first, *others = [
            rules.faults(rows, now=now, zone=zone, limit_w=limit_w, words=words) for zone in zones
        ]
        places = [{(fault.row, fault.field) for fault in found} for found in others]
        for fault in first:
            if not all((fault.row, fault.field) in found for found in places):
                continue
            if fault.row is None:
                self.non_form_errors().append(fault.sentence)
            elif fault.field not in live[fault.row].errors:
                live[fault.row].add_error(fault.field, fault.sentence)
        return not self.total_error_count()


RowSet = cast(  # a factory says of what it makes no more than that it is a set of forms
    type[CommandFormSet],
    formset_factory(
        CommandForm,
        formset=CommandFormSet,
        extra=0,
        can_delete=True,
        max_num=ROWS_READ_AT_MOST,
        absolute_max=ROWS_READ_AT_MOST,
    ),
)


def rows_for(plan: types.Plan, *, zone: ZoneInfo, now: datetime) -> CommandFormSet:
    """Return the form of a plan as it is, with an empty row where there is none."""
    rows = rules.rows_of(rules.rest_of(plan, now=now), zone=zone)
    return beginning([{name: getattr(row, name) for name in FIELDS} for row in rows])


def beginning(rows: Sequence[Mapping[str, object]]) -> CommandFormSet:
    """Return a form that begins with some rows, or with an empty one.

    An action that cannot be chosen is chosen anew, and never swapped silently.
    """
    known = dict(fields.offered())
    filled = [{**row, "action": row["action"] if row["action"] in known else ""} for row in rows]
    return RowSet(prefix=PREFIX, initial=filled or [dict(FIRST_ROW)])


def one_more(sent: QueryDict) -> CommandFormSet:
    """Return the rows as sent and an empty one, with nothing refused yet: the plan is still being written."""
    count = min(Key().clean(sent.get(f"{PREFIX}-TOTAL_FORMS")) or 0, rules.COMMANDS_AT_MOST)
    kept = [number for number in range(count) if not sent.get(f"{PREFIX}-{number}-DELETE")]
    filled = [{name: sent.get(f"{PREFIX}-{number}-{name}", "") for name in FIELDS} for number in kept]
    return RowSet(prefix=PREFIX, initial=[*filled, dict(FIRST_ROW)])


def empty_row() -> forms.BaseForm:
    """Return the row that a script adds as often as somebody asks for one more."""
    return RowSet(prefix=PREFIX).empty_form
