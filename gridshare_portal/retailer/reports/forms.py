"""The form of a report subscription."""

from __future__ import annotations

from django import forms

from gridshare_portal.reports import models as reports
from gridshare_portal.sites import settings


class Report(forms.Form):
    """How often the report is sent, and in which time zone."""

    every = forms.ChoiceField(
        required=False,
        choices=reports.Subscription.Every.choices,
        label="Send it to me",
        error_messages={"invalid_choice": "Choose every week, every month or never."},
    )
    time_zone = forms.ChoiceField(
        label="Your time zone",
        choices=settings.time_zone_choices,
        error_messages={"invalid_choice": "Choose a time zone from the list."},
    )
