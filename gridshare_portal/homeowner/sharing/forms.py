"""Forms about sharing a home; access decides whether it may be shared so."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from gridshare_portal.access import consents, durations, models
from gridshare_portal.access import requests as access_requests
from gridshare_portal.accounts import models as accounts
from gridshare_portal.forms import Once
from gridshare_portal.sites import models as sites

LONGEST_NAME = 80
NOT_OWN = "Choose among your own homes."
GONE = "There is no such organization any more. Nothing was shared."


class Terms(Once):
    right = forms.ChoiceField(
        choices=models.Right.choices,
        widget=forms.RadioSelect,
        error_messages={"required": consents.NO_RIGHT, "invalid_choice": consents.NO_RIGHT},
    )
    lasts = forms.ChoiceField(
        choices=[(one.id, one.title) for one in durations.DURATIONS],
        widget=forms.RadioSelect,
        error_messages={"required": consents.NO_DURATION, "invalid_choice": consents.NO_DURATION},
    )
    ask_first = forms.BooleanField(required=False)

    def terms(self) -> consents.Terms:
        data = self.cleaned_data
        return consents.Terms(right=data["right"], lasts=data["lasts"], ask_first=data["ask_first"])


class Share(Terms):
    """Terms for the organization that the page names."""

    organization = forms.SlugField(
        max_length=60,
        error_messages={"required": GONE, "invalid": GONE, "max_length": GONE},
    )

    def clean_organization(self) -> accounts.Organization:
        found = accounts.Organization.objects.filter(slug=self.cleaned_data["organization"]).first()
        if found is None:
            raise forms.ValidationError(GONE)
        return found


class RequestAnswer(Terms):
    many = frozenset({"homes"})
    homes = forms.ModelMultipleChoiceField(
        queryset=sites.Site.objects.none(),
        to_field_name="synth_id",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": access_requests.NO_HOME,
            **dict.fromkeys(("invalid_choice", "invalid_list", "invalid_pk_value"), NOT_OWN),
        },
    )

    def __init__(
        self, data: QueryDict | None = None, *, homes: QuerySet[sites.Site], initial: dict[str, str]
    ) -> None:
        super().__init__(data, initial=initial)
        field = self.fields["homes"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # as declared above
        field.queryset = homes


class Search(forms.Form):
    q = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        error_messages={"max_length": f"Use at most {LONGEST_NAME} letters."},
    )
