"""The form of a new campaign."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from gridshare_portal.access import consents, durations
from gridshare_portal.access import models as access
from gridshare_portal.accounts import forms as accounts_forms
from gridshare_portal.campaigns import brand, lifecycle

FURTHEST = timedelta(days=3 * 365)
NO_DAY = "Write the day as 2026-12-31."
FAR = "Choose a day within three years."


class NewCampaign(accounts_forms.Plain):
    name = forms.CharField(
        label="Name, for you",
        help_text="It stands in the link, too.",
        error_messages={"required": lifecycle.NO_NAME},
    )
    text = forms.CharField(
        required=False,
        label="Why homeowners should share",
        help_text="They read it before they connect. At most 600 characters.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    right = forms.ChoiceField(
        choices=access.Right.choices,
        label="Ask to",
        error_messages={"required": consents.NO_RIGHT, "invalid_choice": consents.NO_RIGHT},
    )
    lasts = forms.ChoiceField(
        choices=[(one.id, one.words.capitalize()) for one in durations.DURATIONS],
        label="For how long",
        initial=durations.YEAR.id,
        error_messages={"required": consents.NO_DURATION, "invalid_choice": consents.NO_DURATION},
    )
    color = forms.CharField(
        label="Your color",
        max_length=40,
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={"required": brand.NOT_A_COLOR, "max_length": brand.NOT_A_COLOR},
    )
    ends_on = forms.DateField(
        required=False,
        label="Last day (UTC), if it ends",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": NO_DAY},
    )

    def __init__(self, data: QueryDict | None, *, initial: dict[str, object], today: date) -> None:
        super().__init__(data, initial=initial)
        self.today = today

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and day > self.today + FURTHEST:
            raise forms.ValidationError(FAR)
        return day

    def terms(self) -> dict[str, Any]:
        """Return the arguments of lifecycle.make; the last day is still within the campaign."""
        terms, day = dict(self.cleaned_data), self.cleaned_data["ends_on"]
        del terms["ends_on"]
        return {**terms, "ends_at": datetime.combine(day + timedelta(days=1), time(), UTC) if day else None}
