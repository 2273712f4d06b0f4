"""What is asked of people who look after a portfolio: names of views and groups, and which homes."""

from __future__ import annotations

from django import forms

from gridshare_portal.retailer.homes import ON_A_PAGE

NO_NAME = "Give it a name."
TOO_LONG = "Names have at most 60 letters."
NO_HOMES = "Choose at least one home in the table, or all that match."


class _Name(forms.CharField):
    def __init__(self) -> None:
        super().__init__(max_length=60, error_messages={"required": NO_NAME, "max_length": TOO_LONG})

    def clean(self, value: object) -> str:
        """Return the name on one line."""
        return " ".join(super().clean(value).split())


class View(forms.Form):
    """The name of a view, and whether everybody there shares it."""

    name = _Name()
    is_shared = forms.BooleanField(required=False)


class Group(forms.Form):
    """Which homes go into which group, or out of it."""

    group = _Name()
    which = forms.ChoiceField(choices=[("chosen", "Chosen homes"), ("all", "All that match")])
    deed = forms.ChoiceField(choices=[("add", "Put in"), ("remove", "Take out")])
    home = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: object, homes: list[str], **options: object) -> None:
        super().__init__(*args, **options)
        numbers = [one for one in homes[:ON_A_PAGE] if one.isascii() and one.isdigit() and len(one) < 19]
        self.fields["home"].choices = [(one, one) for one in numbers]

    def clean(self) -> dict[str, object]:
        """Ask for homes where chosen ones are meant."""
        cleaned = super().clean()
        if cleaned.get("which") == "chosen" and not cleaned.get("home"):
            self.add_error("home", NO_HOMES)
        return cleaned
