"""Form fields of a plan's rows: local times and watts.

Digits of other scripts, NaN and underscores are not watts; a time has an offset only where one was typed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from gridshare_portal.sites import clients

CHOOSE = ("", "Choose…")
ACTIONS = (
    ("charge", "Charge"),
    ("discharge", "Discharge"),
    ("hold", "Hold"),
    ("follow", "Follow the home’s use"),
)


def offered() -> list[tuple[str, str]]:
    """Return the actions that the service has a word for, with their names."""
    words = clients.plan_words()
    return [(action, name) for action, name in ACTIONS if action in words.actions]


def offered_or_none() -> list[tuple[str, str]]:
    """Return the actions that are offered, behind an empty choice."""
    return [CHOOSE, *offered()]


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d)?", re.ASCII)
_WATTS = re.compile(r"(?!-0*(\.0*)?\Z)-?\d{1,9}(\.\d{1,6})?", re.ASCII)  # no minus zero


class MomentInput(forms.DateTimeInput):
    """A datetime-local input, except in the hour that comes twice: an offset needs a text input."""

    def get_context(self, name: str, value: object, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = str(context["widget"]["value"] or "")
        context["widget"]["type"] = "text" if re.search(r"T.*[+-]", shown) else "datetime-local"
        return context

    def format_value(self, value: object) -> str:
        return value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value or "")


class Moment(forms.Field):
    widget = MomentInput

    def to_python(self, value: object) -> datetime | None:
        text = str(value or "").strip(" ")
        if not text:
            return None
        try:
            if not _MOMENT.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text)
        except ValueError as fault:
            raise ValidationError("Write the day and the time, as in 2026-11-22T14:30.") from fault


class Watts(forms.Field):
    """A power in plain digits; a negative one passes here, and the rules of plans refuse it with a reason."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: object) -> float | None:
        text = str(value or "").strip(" ")
        if not text:
            return None
        if not _WATTS.fullmatch(text):
            raise ValidationError("Enter the power as a number of watts, in plain digits.")
        return float(text)

    def prepare_value(self, value: object) -> object:
        return int(value) if isinstance(value, float) and value.is_integer() else value
