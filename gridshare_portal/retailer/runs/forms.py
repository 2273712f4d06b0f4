"""The shape of a bulk run as it is asked for: what, when, on which homes, and how carefully.

What a plan may ask for is decided by control.plans; by each home's clock only that is refused here which is
wrong by every clock, and the rest is said home by home in the dry run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from gridshare_portal.control import operations
from gridshare_portal.control.plans import clocks, fields, rules
from gridshare_portal.files import lines
from gridshare_portal.runs.checks import local_plans
from gridshare_portal.runs.models import Run as Kept
from gridshare_portal.runs.targets import site_files
from gridshare_portal.sites import settings

ROWS_READ_AT_MOST = 60
FURTHEST = timedelta(days=30)
FIELDS = ("start", "end", "action", "power_limit_w")
FILE_TOO = "A file is chosen below, but not this way. Choose “Homes in a file”, or send no file."
GROUP_TOO = "A group is chosen below, but not this way. Choose “Homes of a group”, or no group."
PLAN_TOO = "Rows of a plan are filled in below, but a mode is asked for. Choose the plan, or empty the rows."
CHOICES = (
    ("filter", "Homes that a filter finds"),
    ("group", "Homes of a group"),
    ("file", "Homes in a file"),
)


class Once(forms.Form):
    """A form that refuses a field that came more than once instead of taking the last."""

    use_required_attribute = False

    def clean(self) -> None:
        """Refuse what was sent twice, at its field."""
        for name in self.fields:
            if isinstance(self.data, MultiValueDict) and len(self.data.getlist(self.add_prefix(name))) > 1:
                self.add_error(name, "This was sent twice. Choose one.")


def _zone_choices() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in settings.time_zones()]


def _zone(label: str) -> forms.ChoiceField:
    wrong = {
        "required": "Choose a time zone.",
        "invalid_choice": "Choose a time zone from the list.",
    }
    return forms.ChoiceField(choices=_zone_choices, label=label, error_messages=wrong)


def _whole(label: str, help_text: str, least: int, most: int) -> forms.IntegerField:
    between = f"Write a whole number from {least} to {most:,}."
    wrong = dict.fromkeys(("required", "invalid", "min_value", "max_value"), between)
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=least, max_value=most, error_messages=wrong
    )


def _chosen(
    choices: Sequence[tuple[str, str]], sentence: str, *, required: bool = True, initial: str | None = None
) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices,
        required=required,
        initial=initial,
        widget=forms.RadioSelect,
        error_messages={"required": sentence, "invalid_choice": sentence},
    )


class NewRun(Once):
    """Everything about a run but the rows of its plan."""

    name = forms.CharField(
        max_length=120,
        label="Why? Homeowners read this",
        help_text="It stands in the activity of every home of the run, as the reason for the change.",
        error_messages={
            "required": "Say why. The homeowners read it.",
            "max_length": "Use at most 120 letters.",
        },
    )
    kind = _chosen(Kept.Kind.choices, "Choose mode or plan.", initial="mode")
    mode = _chosen(
        [(name, name) for name in operations.MODES], "Choose Simple, Schedule or Smart.", required=False
    )
    times = _chosen(Kept.Times.choices, "Choose how the times are meant.", initial="local")
    zone = _zone("Times are those of")
    choose = _chosen(CHOICES, "Choose how the homes are found.", initial="filter")
    group = forms.ChoiceField(
        required=False, label="Group", error_messages={"invalid_choice": "Choose a group from the list."}
    )
    file = forms.FileField(
        required=False,
        label="File",
        help_text="One home a line: its id, a device’s id or a serial number. CSV, up to 10 MB.",
        error_messages={"empty": site_files.NOTHING},
    )
    every = forms.BooleanField(required=False, label="Every home that is shared with us")
    canary = _whole("First only this many homes", "0 means all at once.", 0, 10_000)
    stop_at_failure_pct = _whole(
        "Stop when this share of homes fails (%)", "Not confirmed yet is not failed.", 1, 100
    )

    def __init__(
        self,
        data: QueryDict | None,
        files: MultiValueDict[str, UploadedFile] | None,
        *,
        groups: Sequence[tuple[str, str]],
        initial: dict[str, object],
    ) -> None:
        super().__init__(data, files, initial=initial)
        group = self.fields["group"]
        assert isinstance(group, forms.ChoiceField)  # as it is declared above
        group.choices = [("", "Choose…"), *groups]

    def clean(self) -> None:
        """Ask for what goes with the choices that were made."""
        super().clean()
        known = self.cleaned_data
        if known.get("kind") == "mode" and not known.get("mode") and "mode" not in self.errors:
            self.add_error("mode", "Choose Simple, Schedule or Smart.")
        if known.get("choose") == "group" and not known.get("group") and "group" not in self.errors:
            self.add_error("group", "Choose a group.")
        if known.get("choose") == "file" and not known.get("file") and "file" not in self.errors:
            self.add_error("file", "Choose a file.")
        if known.get("choose") in ("filter", "group") and known.get("file"):
            self.add_error("choose", FILE_TOO)
        if known.get("choose") in ("filter", "file") and known.get("group"):
            self.add_error("choose", GROUP_TOO)

    def clean_file(self) -> UploadedFile | None:
        """Refuse a file that is too large before anything of it is read."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file and file.size and file.size > lines.BYTES_AT_MOST:
            raise ValidationError(lines.TOO_LARGE)
        return file


class PlanRow(Once):
    """One row of the plan."""

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
    _RowSet = BaseFormSet[PlanRow]  # a form set takes its kind of form in brackets only in types
else:
    _RowSet = BaseFormSet


class PlanRows(_RowSet):
    """All rows of the plan; the rules' refusals are placed at the fields they are about."""

    default_error_messages = {"too_many_forms": f"A plan has at most {rules.COMMANDS_AT_MOST} rows."}

    def live(self) -> list[PlanRow]:
        """Return the rows that count: neither empty nor removed."""
        removed = set(self.deleted_forms) if self.is_bound else set()
        return [form for form in self.forms if form not in removed and not form.empty]

    def check(self, *, now: datetime, zones: Sequence[ZoneInfo], is_local: bool) -> bool:
        """Ask the rules by each of the clocks; say whether nothing was refused."""
        understood = self.is_valid()
        live = self.live()
        if not live and understood:
            self.non_form_errors().append("Fill in at least one row.")
        for form in live if is_local else ():
            for name in ("start", "end"):
                if getattr(form.cleaned_data.get(name), "tzinfo", None):
                    form.add_error(name, "By each home’s clock a time has no offset.")
        for fault in _everywhere([form.row() for form in live], now=now, zones=zones):
            if fault.row is None:
                self.non_form_errors().append(fault.sentence)
            elif fault.field not in live[fault.row].errors:
                live[fault.row].add_error(fault.field, fault.sentence)
        return not self.total_error_count()

    def asked(self, zone: ZoneInfo, *, is_local: bool) -> Mapping[str, object]:
        """Return the checked rows as a run keeps them."""
        rows = [form.row() for form in self.live()]
        return local_plans.to_json(rows) if is_local else rules.to_json(rules.plan_of(rows, zone=zone))


RowSet = cast(  # the factory returns a subclass of the class that it is handed, which its type does not say
    type[PlanRows],
    formset_factory(
        PlanRow,
        formset=PlanRows,
        extra=0,
        can_delete=True,
        max_num=ROWS_READ_AT_MOST,
        absolute_max=ROWS_READ_AT_MOST,
    ),
)


def _everywhere(
    rows: Sequence[rules.TypedCommand], *, now: datetime, zones: Sequence[ZoneInfo]
) -> list[rules.Fault]:
    """Return what is wrong with the rows by every one of the clocks, in the words of the first."""
    first, *others = [rules.faults(rows, now=now, zone=zone) for zone in zones]
    places = [{(fault.row, fault.field) for fault in found} for found in others]
    return [fault for fault in first if all((fault.row, fault.field) in found for found in places)]


class Start(Once):
    """Whether the visitor means it: the number of homes, typed once more."""

    homes = forms.CharField(max_length=12, label="Number of homes", required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        ready: int,
        initial: dict[str, object] | None = None,
        auto_id: str = "id_%s",
    ) -> None:
        super().__init__(data, initial=initial, auto_id=auto_id)
        self._ready = ready
        self.fields["homes"].help_text = f"Type {ready} to confirm."
        self.fields["homes"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}

    def clean_homes(self) -> str:
        """Refuse any other number."""
        typed: str = self.cleaned_data["homes"].replace(",", "").replace("\u202f", "").strip()
        if typed != str(self._ready):
            raise ValidationError(f"Type {self._ready} to confirm. Nothing was sent.")
        return typed


class Schedule(Start):
    """When the run is to start by itself."""

    at = fields.Moment(label="Start at", required=False)
    zone = _zone("Time zone")

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        ready: int,
        now: datetime,
        initial: dict[str, object] | None = None,
        auto_id: str = "later-%s",
    ) -> None:
        super().__init__(data, ready=ready, initial=initial, auto_id=auto_id)
        self._now = now

    def clean(self) -> None:
        """Turn the clock's words into a moment to come."""
        super().clean()
        known = self.cleaned_data
        if "at" in self.errors or "zone" in self.errors:
            return
        known["at"], sentence = self._moment(known.get("at"), ZoneInfo(known["zone"]))
        if sentence:
            self.add_error("at", sentence)

    def _moment(self, shown: datetime | None, zone: ZoneInfo) -> tuple[datetime | None, str]:
        if shown is None:
            return None, "When should it start?"
        try:
            at = clocks.to_utc(shown, zone)
        except (clocks.NoSuchMoment, OverflowError) as fault:
            return None, str(fault) if isinstance(fault, clocks.NoSuchMoment) else "Choose a day to come."
        if at <= self._now:
            return None, "This moment has already passed."
        return (at, "") if at <= self._now + FURTHEST else (None, "Choose a day within the next 30.")
