"""The shape of a bulk run as it is asked for: what, when, on which homes, and how carefully.

What a plan may ask for is decided by control.plans; by each home's clock only that is refused here which is
wrong by every clock, and the rest is said home by home in the dry run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from gridshare_portal.control import operations
from gridshare_portal.control.plans import clocks, fields, rules
from gridshare_portal.control.plans import forms as plan_forms
from gridshare_portal.files import lines
from gridshare_portal.forms import Once
from gridshare_portal.runs.checks import local_plans
from gridshare_portal.runs.models import Run as Kept
from gridshare_portal.runs.targets import site_files
from gridshare_portal.sites import settings

FURTHEST = timedelta(days=30)
FILE_TOO = "A file is chosen below, but not this way. Choose “Homes in a file”, or send no file."
GROUP_TOO = "A group is chosen below, but not this way. Choose “Homes of a group”, or no group."
PLAN_TOO = "Rows of a plan are filled in below, but a mode is asked for. Choose the plan, or empty the rows."
NEEDED = (  # the choice, what it then needs, and what to say without it
    ("kind", "mode", "Choose Simple, Schedule or Smart."),
    ("choose", "group", "Choose a group."),
    ("choose", "file", "Choose a file."),
)
CHOICES = (
    ("filter", "Homes that a filter finds"),
    ("group", "Homes of a group"),
    ("file", "Homes in a file"),
)


def _zone(label: str) -> forms.ChoiceField:
    wrong = {"required": "Choose a time zone.", "invalid_choice": "Choose a time zone from the list."}
    return forms.ChoiceField(
        choices=settings.time_zone_choices,
        label=label,
        error_messages=wrong,
    )


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

    def clean(self) -> dict[str, Any]:
        """Ask for what goes with the choices that were made."""
        known = super().clean()
        for choice, name, sentence in NEEDED:
            if known.get(choice) == name and not known.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if known.get("choose") in ("filter", "group") and known.get("file"):
            self.add_error("choose", FILE_TOO)
        if known.get("choose") in ("filter", "file") and known.get("group"):
            self.add_error("choose", GROUP_TOO)
        return known

    def clean_file(self) -> UploadedFile | None:
        """Refuse a file that is too large before anything of it is read."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file and file.size and file.size > lines.BYTES_AT_MOST:
            raise ValidationError(lines.TOO_LARGE)
        return file


def check_rows(
    rows: plan_forms.CommandFormSet, *, now: datetime, zones: Sequence[ZoneInfo], is_local: bool
) -> bool:
    """Refuse what is wrong by every one of the clocks; say whether nothing was."""
    rows.is_valid()
    for form in rows.live() if is_local else ():
        for name in ("start", "end"):
            if getattr(form.cleaned_data.get(name), "tzinfo", None):
                form.add_error(name, "By each home’s clock a time has no offset.")
    return rows.check(now=now, zones=zones, empty="Fill in at least one row.")


def kept_rows(rows: Sequence[rules.TypedCommand], zone: ZoneInfo, *, is_local: bool) -> Mapping[str, object]:
    """Return the checked rows as a run keeps them."""
    return local_plans.to_json(rows) if is_local else rules.to_json(rules.plan_of(rows, zone=zone))


class Start(Once):
    """Whether the visitor means it: the number of homes, typed once more."""

    homes = forms.CharField(max_length=12, label="Number of homes", required=False)

    def __init__(self, data: QueryDict | None = None, *, ready: int, **options: Any) -> None:
        super().__init__(data, **options)
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

    def __init__(self, data: QueryDict | None = None, *, now: datetime, **options: Any) -> None:
        super().__init__(data, auto_id="later-%s", **options)
        self._now = now

    def clean(self) -> dict[str, Any]:
        """Turn the clock's words into a moment to come."""
        known = super().clean()
        if "at" in self.errors or "zone" in self.errors:
            return known
        known["at"], sentence = self._moment(known.get("at"), ZoneInfo(known["zone"]))
        if sentence:
            self.add_error("at", sentence)
        return known

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
