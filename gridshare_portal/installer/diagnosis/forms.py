"""The form of a raw API query by staff: an operation, its subject, and a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from gridshare_portal.installer.diagnosis import names
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, raw_responses

OLDEST = timedelta(days=800)
CHOOSE = "Choose one from the list."
NOT_THERE = "Choose one from the list. This home has no such device or sensor."


class Question(forms.Form):
    """An API query about one part of this home."""

    operation = forms.ChoiceField(
        label="What to ask",
        choices=[(word, names.operation(word)) for word in raw_responses.OPERATIONS],
        error_messages={"invalid_choice": CHOOSE, "required": CHOOSE},
    )
    subject = forms.ChoiceField(label="About", required=False, error_messages={"invalid_choice": NOT_THERE})
    day = forms.DateField(
        label="Day (for readings)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the day as 2026-11-23."},
    )

    def __init__(self, *args: Any, site: sites.Site, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.site, self.today = site, today
        self.devices = [(one.synth_id, names.device(one)) for one in queries.devices_of(site)]
        self.sensors = [(one.synth_id, names.sensor(one)) for one in queries.sensors_of(site)]
        groups = [("Sensors", self.sensors), ("Devices", self.devices)]
        subject = self.fields["subject"]
        assert isinstance(subject, forms.ChoiceField)  # as it is declared above
        subject.choices = [("", "the home"), *((name, some) for name, some in groups if some)]
        self.initial.setdefault("subject", self.sensors[0][0] if self.sensors else "")
        self.fields["day"].widget.attrs |= {"max": today.isoformat(), "min": (today - OLDEST).isoformat()}

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day is not None and not self.today - OLDEST <= day <= self.today:
            raise ValidationError(f"Choose a day up to today, and not before {self.today - OLDEST}.")
        return day

    def clean(self) -> dict[str, object]:
        """Fit subject and day to the operation: a list has none, readings have a sensor and a day."""
        given = self.cleaned_data
        operation = raw_responses.OPERATIONS.get(given.get("operation", ""))
        if operation is None or "subject" in self.errors:
            return given
        known = {"sensor": self.sensors + self.devices, "device": self.devices}.get(operation.about)
        if known is None:
            given["subject"] = self.site.synth_id if operation.about == "site" else ""
        elif given.get("subject") not in dict(known):
            self.add_error("subject", f"Choose the {operation.about} that this is about.")
        given["day"] = (given.get("day") or self.today) if operation.has_day else None
        return given
