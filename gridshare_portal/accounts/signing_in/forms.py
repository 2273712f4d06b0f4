"""The forms of second factors, which note what is wrong and stay closed while codes are locked."""

from __future__ import annotations

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from gridshare_portal.accounts import models
from gridshare_portal.accounts.signing_in import attempts

LONGEST_CODE = 40


def _code() -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True})
    return forms.CharField(label="Code", max_length=LONGEST_CODE, widget=widget)


class SignInCode(AuthenticateForm):
    code = _code()

    def clean_code(self) -> str:
        """Refuse every code while they are locked; allauth tells the receivers of wrong ones."""
        _refuse_while_locked(self.user)
        code: str = super().clean_code()
        return code


class ProofCode(ReauthenticateForm):
    code = _code()

    def clean_code(self) -> str:
        """Refuse every code while they are locked, as at sign-in."""
        _refuse_while_locked(self.user)
        code: str = super().clean_code()
        return code


class SignInPasskey(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        """Note a passkey's answer that is not right."""
        try:
            found: Authenticator = super().clean_credential()
        except ValidationError:
            if isinstance(self.user, models.User):
                attempts.note_wrong(self.user, Authenticator.Type.WEBAUTHN, now=timezone.now())
            raise
        return found


class ProofPasskey(SignInPasskey, ReauthenticateWebAuthnForm):
    pass


def _refuse_while_locked(user: models.User) -> None:
    if sentence := attempts.refusal(user, now=timezone.now()):
        raise ValidationError(sentence)
