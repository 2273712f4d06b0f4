"""How the rows of a plan are typed: moments and watts, strictly, and what a battery can be told to do.

Digits of other scripts, NaN and underscores are not watts; a moment has an offset only where one was written.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

CHOOSE = ("", "Choose…")
ACTIONS = (
    ("charge", "Charge"),
    ("discharge", "Discharge"),
    ("hold", "Hold"),
    ("follow", "Follow the home’s use"),
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d)?", re.ASCII)
_WATTS = re.compile(r"-?\d{1,9}(\.\d{1,6})?", re.ASCII)


class MomentInput(forms.DateTimeInput):
    """A browser's own picker, except for a moment in the hour that comes twice: that needs its offset."""

    def get_context(self, name: str, value: object, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Choose the kind of input by what is to be shown."""
        context = super().get_context(name, value, attrs)
        shown = str(context["widget"]["value"] or "")
        context["widget"]["type"] = "text" if re.search(r"T.*[+-]", shown) else "datetime-local"
        return context

    def format_value(self, value: object) -> str:
        """Write a moment as the field reads it."""
        return value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value or "")


class Moment(forms.Field):
    """A day and time by the home's clock; None where nothing was written."""

    widget = MomentInput

    def to_python(self, value: object) -> datetime | None:
        """Return the moment as written, with an offset only if one was written."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            if not _MOMENT.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text)
        except ValueError as fault:
            raise ValidationError("Write the day and the time, as in 2026-11-22T14:30.") from fault


class Watts(forms.Field):
    """A power in plain digits; None where nothing was written."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: object) -> float | None:
        """Return the power as written, below zero too: the rules say what is wrong with that."""
        text = str(value or "").strip()
        if not text:
            return None
        if not _WATTS.fullmatch(text):
            raise ValidationError("Enter the power as a number of watts, in plain digits.")
        return float(text)

    def prepare_value(self, value: object) -> object:
        """Write whole watts without a point."""
        return int(value) if isinstance(value, float) and value.is_integer() else value
