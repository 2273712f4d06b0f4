"""Read what is typed into a home's plan, row by row or as a quick start, and put refusals at their fields.

What a plan may ask for is decided by control.plans, and how moments and watts are written by
control.plan_fields.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict

from gridshare_portal.control.plans import fields, rules
from gridshare_portal.gridshare import types
from gridshare_portal.homeowner.forms import Once
from gridshare_portal.sites import models as sites

ROWS_READ_AT_MOST = 500
FIELDS = ("start", "end", "action", "power_limit_w")
HOURS = [(str(count), f"{count} hour{'s' if count > 1 else ''}") for count in (1, 2, 3, 4, 6, 8, 12)]


class CommandForm(Once):
    """One row of a plan."""

    action = forms.ChoiceField(
        choices=(fields.CHOOSE, *fields.ACTIONS), label="Do", required=False, initial="charge"
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
        known = self.cleaned_data
        return rules.TypedCommand(
            start=known.get("start"),
            end=known.get("end"),
            action=known.get("action") or "",
            power_limit_w=known.get("power_limit_w"),
        )


if TYPE_CHECKING:
    _Commands = BaseFormSet[CommandForm]
else:
    _Commands = BaseFormSet  # which cannot say of what while it runs


class CommandFormSet(_Commands):
    """All rows of a plan; the rules' refusals are placed at the fields they are about."""

    default_error_messages = {"too_many_forms": f"A plan has at most {rules.COMMANDS_AT_MOST} rows."}

    def live(self) -> list[CommandForm]:
        """Return the rows that count: neither empty nor removed."""
        removed = set(self.deleted_forms) if self.is_bound else set()
        return [form for form in self.forms if form not in removed and not form.empty]

    def check(self, *, now: datetime, zone: ZoneInfo, limit_w: float | None) -> bool:
        """Ask the rules about what was understood; return whether nothing was refused."""
        understood = self.is_valid()
        live = self.live()
        if not live and understood:
            self.non_form_errors().append("Fill in at least one row, or cancel the plan.")
        for fault in rules.faults([form.row() for form in live], now=now, zone=zone, limit_w=limit_w):
            if fault.row is None:
                self.non_form_errors().append(fault.sentence)
            elif fault.field not in live[fault.row].errors:
                live[fault.row].add_error(fault.field, fault.sentence)
        return not self.total_error_count()

    def plan(self, zone: ZoneInfo) -> types.Plan:
        """Return the plan that the checked rows ask for."""
        return rules.plan_of([form.row() for form in self.live()], zone=zone)


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
    filled = [{name: getattr(row, name) for name in FIELDS} | {"action": _known(row.action)} for row in rows]
    return RowSet(prefix="rows", initial=filled or [{"action": "charge"}])


def _known(action: str) -> str:
    """Return an action that can be chosen; an unknown one is chosen anew, and never swapped silently."""
    return action if action in dict(fields.ACTIONS) else ""


def one_more(sent: QueryDict) -> CommandFormSet:
    """Return the rows as sent and an empty one, with nothing refused yet: nobody asked for a plan."""
    total = sent.get("rows-TOTAL_FORMS", "")
    count = min(int(total), rules.COMMANDS_AT_MOST) if re.fullmatch(r"\d{1,4}", total, re.ASCII) else 0
    kept = [number for number in range(count) if not sent.get(f"rows-{number}-DELETE")]
    filled = [{name: sent.get(f"rows-{number}-{name}", "") for name in FIELDS} for number in kept]
    return RowSet(prefix="rows", initial=[*filled, {"action": "charge"}])


def usual(*, now: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """Return what the quick starts offer at first, by the home's clock, on full hours."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    moments = {"hold_end": 4, "discharge_start": 1, "discharge_end": 3}
    return {
        name: (hour + timedelta(hours=count)).astimezone(zone).replace(tzinfo=None)
        for name, count in moments.items()
    }


class Quick(Once):
    """One of the quick starts: what it needs depends on what it does."""

    quick = forms.ChoiceField(choices=fields.ACTIONS)
    hours = forms.ChoiceField(choices=HOURS, required=False, label="For")
    start = fields.Moment(label="From", required=False)
    end = fields.Moment(label="Until", required=False)
    power_limit_w = fields.Watts(label="At most (W)", required=False)

    def plan(self, *, device: sites.Device, now: datetime, zone: ZoneInfo) -> types.Plan | None:
        """Return the plan that was asked for, or None after placing what is wrong with it."""
        if not self.is_valid():
            return None
        rows = [self._row(device, now)]
        for fault in rules.faults(rows, now=now, zone=zone, limit_w=device.power_limit_w):
            self.add_error(fault.field if fault.field in self.fields else None, fault.sentence)
        return None if self.errors else rules.plan_of(rows, zone=zone)

    def _row(self, device: sites.Device, now: datetime) -> rules.TypedCommand:
        known = self.cleaned_data
        lasting = timedelta(hours=int(known["hours"])) if known["hours"] else None
        start = known["start"] or now.replace(second=0, microsecond=0)
        end = known["end"] or (start + lasting if lasting and not known["start"] else None)
        power_w = known["power_limit_w"]
        if power_w is None and known["quick"] == "discharge":
            power_w = device.power_limit_w  # some of Lunar's services know no discharge without a power
        return rules.TypedCommand(start=start, end=end, action=known["quick"], power_limit_w=power_w)
