"""Forms of a home's pages; what the values mean is decided by the packages below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from gridshare_portal.access import visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.forms import Once
from gridshare_portal.homeowner.control import modes
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings

LONGEST_REASON = 200
DETAILS = ("manufacturer", "model", "serial_number")


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the submitted data, possibly empty; None for a GET."""
    return request.POST if request.method == "POST" else None


class SiteSettings(Once):
    name = forms.CharField(
        max_length=80,
        label="Name",
        help_text="As you call it. Whoever shares this home reads it too.",
        error_messages={"required": "Give the home a name.", "max_length": "Use at most 80 letters."},
    )
    time_zone = forms.ChoiceField(
        choices=settings.time_zone_choices,
        label="Time zone",
        help_text="Days begin and end by it.",
        error_messages={
            "required": "Choose a time zone.",
            "invalid_choice": "Choose a time zone from the list.",
        },
    )


class SensorRole(Once):
    """What a sensor measures, according to the owner; empty returns to the detected role."""

    role = forms.ChoiceField(choices=[], required=False, label="Measures")

    def __init__(self, data: QueryDict | None = None, *, sensor: sites.Sensor) -> None:
        super().__init__(data)
        found = sites.Role(sensor.role_found).label
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # as declared above
        field.choices = [("", f"As found: {found}"), *sites.Role.choices]
        field.initial = sensor.role_set
        field.widget.attrs["id"] = f"role-{sensor.pk}"


class ChangeForm(Once):
    """What every change carries: the reason, and an idempotency key."""

    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="Why? (optional)",
        help_text="Stands in this home’s activity.",
        error_messages={"max_length": f"Use at most {LONGEST_REASON} letters."},
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, staff: bool = False, **options: Any) -> None:
        super().__init__(data, **options)
        if staff:
            reason = self.fields["reason"]
            reason.label, reason.required = "Why?", True
            reason.help_text = "The homeowner reads it."
            reason.error_messages["required"] = "Say why. The homeowner reads it."


def _detail(label: str, help_text: str = "") -> forms.CharField:
    too_long = {"max_length": "Use at most 200 letters."}
    return forms.CharField(
        label=label, help_text=help_text, max_length=200, required=False, error_messages=too_long
    )


class Details(ChangeForm):
    """A device's maker, model and serial number; an empty field stays as it is at Lunar."""

    manufacturer, model = _detail("Maker"), _detail("Model")
    serial_number = _detail("Serial number", "It stands on the type plate.")

    def __init__(self, data: QueryDict | None = None, *, device: sites.Device, staff: bool = False) -> None:
        before = {name: getattr(device, name) for name in DETAILS}
        super().__init__(data, staff=staff, initial=before)

    def clean(self) -> dict[str, object]:
        """Refuse an emptied field, and a form without changes."""
        super().clean()
        for name in DETAILS:
            if self.initial[name] and name in self.cleaned_data and not self.cleaned_data[name]:
                self.add_error(name, "This cannot be emptied, only corrected.")
        if not self.errors and not self.changes():
            self.add_error(None, "Nothing is different from before, so nothing was sent.")
        return self.cleaned_data

    def refuse(self, sentence: str, said: str) -> None:
        """Show Lunar's refusal at the field it names, else at the only changed one, else at the form."""
        changed = list(self.changes())
        words = said.casefold().replace("_", "").replace(" ", "")
        named = [name for name in changed if name.replace("_", "") in words]
        at = (named or changed)[0] if named or len(changed) == 1 else None
        self.add_error(at, f"{sentence} Lunar says: {said}" if said else sentence)

    def changes(self) -> dict[str, str]:
        typed = {name: self.cleaned_data.get(name) for name in DETAILS}
        return {name: value for name, value in typed.items() if value and value != self.initial[name]}


class Visit(Once):
    """Why staff open a home, and for which of the organizations it is shared with."""

    organization = forms.TypedChoiceField(
        coerce=int,
        label="You look as a member of",
        error_messages={
            "required": "Choose for whom you open this home.",
            "invalid_choice": "Choose one of your organizations that this home is shared with.",
        },
    )
    reason = forms.ChoiceField(
        choices=list(visits.REASONS.items()),
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose why you open this home.",
            "invalid_choice": "Choose one of the reasons in the list.",
        },
    )
    words = forms.CharField(
        required=False,
        label="In your own words",
        help_text="What is it about? For “Something else” please say.",
        max_length=visits.LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": f"Use at most {visits.LONGEST_WORDS} letters."},
    )

    def __init__(
        self, data: QueryDict | None = None, *, organizations: Sequence[accounts.Organization]
    ) -> None:
        super().__init__(data)
        field = self.fields["organization"]
        assert isinstance(field, forms.TypedChoiceField)  # as declared above
        field.choices = [(one.pk, one.name) for one in organizations]
        field.initial = organizations[0].pk
        if len(organizations) == 1:
            field.widget = forms.HiddenInput()
            field.required = False
            field.empty_value = organizations[0].pk  # type: ignore[assignment] # the stub takes no more than text


class Disconnect(Once):
    forget = forms.BooleanField(required=False, label="Also delete the readings and homes stored here")


class DeleteAccount(Once):
    email = forms.CharField(
        max_length=254,
        label="Your e-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Type your e-mail address. Nothing was deleted.",
            "max_length": "This is too long to be your address. Nothing was deleted.",
        },
    )

    def __init__(self, data: QueryDict | None = None, *, address: str) -> None:
        super().__init__(data)
        self._address = address
        self.fields["email"].help_text = f"Type {address} to confirm."

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        if typed.casefold() != self._address.casefold():
            raise forms.ValidationError("This is not the address of this account. Nothing was deleted.")
        return typed


class ModeChange(ChangeForm):
    mode = forms.ChoiceField(
        choices=[(mode.name, mode.name) for mode in modes.MODES],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a mode.",
            "invalid_choice": "Choose Simple, Schedule or Smart.",
        },
    )


class Plan(ChangeForm):
    """What accompanies a plan's rows: the digest of the plan that the visitor saw."""

    seen = forms.RegexField(r"\A[0-9a-f]{0,64}\Z", required=False, widget=forms.HiddenInput)
