"""Settings of allauth in code: redirects, e-mail, and sealing of second factors' secrets.

Sign-in redirects to a path of this portal or to the first page, never elsewhere. An e-mail that cannot be
sent is reported on the page.
"""

from __future__ import annotations

import logging
import smtplib

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.http import url_has_allowed_host_and_scheme

from gridshare_portal import seal
from gridshare_portal.accounts.signing_in import proof, second_factors

log = logging.getLogger(__name__)

LONGEST_PATH = 2_000
LONGEST_ADDRESS = 254
BY_EMAIL = "reauthenticate_by_code"
WAYS = {
    BY_EMAIL: "Use a code by e-mail",
    "reauthenticate": "Use my password",
    "mfa_reauthenticate": "Use a code from my authenticator app",
    "mfa_reauthenticate:webauthn": "Use my passkey",
}
TOO_OFTEN = "too_many_login_attempts", "rate_limited"  # as allauth calls its two sentences at a form
CODES_ASKED = (
    "Many codes were sent to this address within an hour. Wait an hour before you ask for another, or sign "
    "in with a passkey or with Lunar."
)
CODES_TYPED = "Codes were typed many times in a short while. Wait five minutes, then try once more."
MAIL_FAILED = "We could not send the e-mail just now. Please try again in a minute."


class Accounts(DefaultAccountAdapter):
    def is_safe_url(self, url: str | None) -> bool:
        """Allow a short, printable path on this host, and nothing else."""
        if not url or len(url) > LONGEST_PATH or not url.isprintable():
            return False
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_reauthentication_required(self, *, app: str, **_kwargs: object) -> bool:
        """Ask for a proof where allauth does, unless there was one within the portal's own time."""
        return not proof.is_given(current.request)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, object]]:
        """Return the ways to prove who one is, a passkey first; by e-mail only if there is no other."""
        methods = super().get_reauthentication_methods(user)
        others = [way for way in methods if way["id"] != BY_EMAIL]
        others.sort(key=lambda way: way["id"] != "mfa_reauthenticate:webauthn")
        for way in methods:
            way["description"] = WAYS.get(way["id"], way["description"])
        return others or methods

    def clean_email(self, email: str) -> str:
        """Refuse an address that is longer than any mail server accepts."""
        if len(email) > LONGEST_ADDRESS:
            raise ValidationError("This address is too long.")
        return super().clean_email(email)

    def validation_error(self, code: str, *args: object) -> ValidationError:
        """Say at a form how long to wait, where allauth's own words say that something failed."""
        match = current.request.resolver_match
        if code in TOO_OFTEN and match is not None:
            sentence = CODES_TYPED if match.view_name.startswith("mfa_") else CODES_ASKED
            return ValidationError(sentence, code=code)
        error: ValidationError = super().validation_error(code, *args)
        return error

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException) as failure:
            log.error("an e-mail (%s) could not be sent: %s", template_prefix, type(failure).__name__)
            if hasattr(current.request, "_messages"):
                messages.error(current.request, MAIL_FAILED)


class SecondFactors(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return seal.seal(text, second_factors.UNBOUND)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factors.opened(encrypted_text)
