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
from django.core.exceptions import ValidationError
from django.utils.http import url_has_allowed_host_and_scheme

from gridshare_portal import seal

log = logging.getLogger(__name__)

SEALED_AS = "second factor"
LONGEST_PATH = 2_000
LONGEST_ADDRESS = 254
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
        return seal.seal(text, SEALED_AS)

    def decrypt(self, encrypted_text: str) -> str:
        return seal.unseal(encrypted_text, SEALED_AS)
