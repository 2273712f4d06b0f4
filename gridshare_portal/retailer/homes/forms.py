"""Forms of a portfolio: names of views and groups, and chosen homes."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from gridshare_portal.portfolio.table.listing import ON_A_PAGE

NO_NAME = "Give it a name."
TOO_LONG = "Names have at most 60 letters."
NO_HOMES = "Choose at least one home in the table, or all that match."


class _Name(forms.CharField):
    def __init__(self) -> None:
        super().__init__(max_length=60, error_messages={"required": NO_NAME, "max_length": TOO_LONG})

    def clean(self, value: object) -> str:
        return " ".join(super().clean(value).split())


class View(forms.Form):
    """The name of a view, and whether everybody in the organization shares it."""

    name = _Name()
    is_shared = forms.BooleanField(required=False)


class Group(forms.Form):
    group = _Name()
    which = forms.ChoiceField(choices=[("chosen", "Chosen homes"), ("all", "All that match")])
    do = forms.ChoiceField(choices=[("add", "Put in"), ("remove", "Take out")])

    def __init__(self, data: QueryDict, *, homes: list[str]) -> None:
        super().__init__(data)
        numbers = [one for one in homes[:ON_A_PAGE] if one.isascii() and one.isdigit() and len(one) < 19]
        self.fields["home"] = forms.TypedMultipleChoiceField(
            choices=[(one, one) for one in numbers], coerce=int, required=False
        )

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("which") == "chosen" and not self.cleaned_data.get("home"):
            self.add_error("home", NO_HOMES)
