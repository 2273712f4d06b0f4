"""The form of a request to a homeowner."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from gridshare_portal.access import consents, durations, models, requests
from gridshare_portal.accounts import forms as accounts_forms
from gridshare_portal.accounts import plain_text

LONGEST_MESSAGE = 1_000
SERIAL = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")
NO_ADDRESS = "This is not an e-mail address. It looks like name@example.com."
NO_SERIAL = "A serial number has plain letters, digits and signs, at most 200."


class Ask(accounts_forms.Plain):
    whom = forms.CharField(
        max_length=254,
        label="E-mail address or serial number",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": requests.NOBODY,
            "max_length": "This is too long to be an address or a serial number.",
        },
    )
    right = forms.ChoiceField(
        choices=models.Right.choices,
        label="To",
        error_messages={"required": consents.NO_RIGHT, "invalid_choice": consents.NO_RIGHT},
    )
    lasts = forms.ChoiceField(
        choices=[(one.id, one.words.capitalize()) for one in durations.DURATIONS],
        label="How long",
        initial=durations.MONTH.id,
        error_messages={"required": consents.NO_DURATION, "invalid_choice": consents.NO_DURATION},
    )
    message = forms.CharField(
        required=False,
        label="Why",
        help_text="The homeowner reads it here, not in the e-mail.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_whom(self) -> str:
        whom: str = self.cleaned_data["whom"].strip()
        if "@" in whom:
            try:
                validate_email(whom)
            except ValidationError:
                raise ValidationError(NO_ADDRESS) from None
        elif not SERIAL.fullmatch(whom):
            raise ValidationError(NO_SERIAL)
        return whom

    def clean_message(self) -> str:
        message = plain_text.plain(self.cleaned_data["message"])
        if len(message) > LONGEST_MESSAGE:
            sentence = f"Use at most {LONGEST_MESSAGE:,} characters; these are {len(message):,}."
            raise ValidationError(sentence)
        return message

    def terms(self) -> dict[str, str]:
        """Return the arguments of access.requests.ask; either the address or the serial number is empty."""
        data = {**self.cleaned_data}
        whom = data.pop("whom")
        email, serial_number = (whom, "") if "@" in whom else ("", whom)
        return {**data, "email": email, "serial_number": serial_number}
