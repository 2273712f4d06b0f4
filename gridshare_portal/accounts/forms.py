"""Forms of an organization's pages; what the values mean is decided by the actions."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import details, members
from gridshare_portal.audit import names

LONGEST_TYPED = 20_000  # above every limit that an action checks, and short enough to render again
NO_DATE = "Write a date as year-month-day, such as 2026-11-22."
YEARS = [MinValueValidator(date(2020, 1, 1), NO_DATE), MaxValueValidator(date(2100, 1, 1), NO_DATE)]


class Refusal(Protocol):
    """An exception whose message is a sentence for the page, and the field that it is about."""

    field: str


class Plain(forms.Form):
    """A form that shows an action's refusal at its field."""

    use_required_attribute = False

    def refuse(self, refusal: Refusal) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class Invite(Plain):
    email = forms.CharField(
        max_length=LONGEST_TYPED,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "maxlength": 254}),
        error_messages={"required": "Write the e-mail address of the person."},
    )
    role = forms.ChoiceField(
        choices=models.Role.choices,
        label="Role",
        initial=models.Role.OPERATOR,
        error_messages={"required": members.NO_ROLE, "invalid_choice": members.NO_ROLE},
    )


class Details(Plain):
    name = forms.CharField(
        label="Name",
        max_length=LONGEST_TYPED,
        widget=forms.TextInput(attrs={"maxlength": details.LONGEST_NAME}),
        error_messages={"required": details.NO_NAME},
    )
    about = forms.CharField(
        label="What you do, in a sentence or two",
        max_length=LONGEST_TYPED,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": details.LONGEST_ABOUT}),
        help_text="Homeowners read it before they share a home.",
    )
    is_listed = forms.BooleanField(label="Homeowners find us by our name", required=False)


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        validators=YEARS,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": NO_DATE},
    )


class Record(Plain):
    """Filter of the audit log; empty fields do not narrow it."""

    person = forms.ChoiceField(
        required=False,
        label="Person",
        error_messages={"invalid_choice": "Choose somebody from the list."},
    )
    kind = forms.ChoiceField(
        choices=[("", "Everything"), *sorted(names.Name.choices, key=operator.itemgetter(1))],
        required=False,
        label="What was done",
        error_messages={"invalid_choice": "Choose one from the list."},
    )
    first, last = _day("From"), _day("To")

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)  # as it is declared above
        person.choices = [("", "Everybody"), *people]

    def clean(self) -> dict[str, object]:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and first > last:
            self.add_error("last", "This day is before the first one.")
        return self.cleaned_data
