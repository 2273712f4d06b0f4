"""Forms of a case and of the daily e-mail; cases.handling decides what they mean."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms

from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases import handling
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings

MORNING = time(7)
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def _words(label: str, needed: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, "maxlength": handling.LONGEST_WORDS})
    return forms.CharField(label=label, widget=widget, error_messages={"required": needed})


class CaseNote(forms.Form):
    prefix = "note"
    words = _words("Note", "Write what the next person should know.")


class Resolve(CaseNote):
    prefix = "resolve"
    words = _words("What was done", "Write what was done; the homeowner reads it too.")


class Snooze(forms.Form):
    """Until when the case is set aside: for a span, or until the morning of a day."""

    span = forms.ChoiceField(
        choices=[("hour", "1 hour"), ("day", "1 day"), ("week", "7 days"), ("until", "Until a day")],
        error_messages={"required": "Choose for how long.", "invalid_choice": "Choose for how long."},
    )
    until = forms.DateField(
        required=False,
        label="Until the morning of",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the day as 2026-12-31."},
    )

    def clean(self) -> dict[str, object]:
        data = self.cleaned_data
        if data.get("span") == "until" and not data.get("until") and "until" not in self.errors:
            self.add_error("until", "Choose a day.")
        return data

    def until_at(self, site: sites.Site, *, now: datetime) -> datetime:
        """Return the end; a day begins at seven in the morning of the home's time."""
        day: date | None = self.cleaned_data["until"]
        if self.cleaned_data["span"] == "until" and day is not None:
            return datetime.combine(day, MORNING, site.zone)
        return now + SPANS[self.cleaned_data["span"]]


class Assign(forms.Form):
    member = forms.ModelChoiceField(
        queryset=accounts.User.objects.none(),
        required=False,
        label="Assigned to",
        empty_label="Nobody",
        error_messages={"invalid_choice": "Choose somebody who works on cases here."},
    )

    def __init__(self, *args: Any, organization: accounts.Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        member = self.fields["member"]
        assert isinstance(member, forms.ModelChoiceField)  # as it is declared above
        member.queryset = handling.members_of(organization)


class Digest(forms.Form):
    is_on = forms.BooleanField(required=False, label="Send me the letter")
    time_zone = forms.ChoiceField(
        label="Your time zone",
        choices=settings.time_zone_choices,
        error_messages={"invalid_choice": "Choose a time zone from the list."},
    )
