"""The code that proves somebody without a second factor once more: made, e-mailed, compared, used once.

It lives in the session, for three minutes and three tries, as the code of a sign-in does.
"""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from django.http import HttpRequest

from gridshare_portal.accounts import models

STATE = "emailed_proof"
TEMPLATE = "account/email/proof_code"


class EmailedProof(AbstractCodeVerificationProcess):
    """One code on its way from the mailbox back to the page."""

    def __init__(self, request: HttpRequest, user: models.User, state: dict[str, object]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
            user=user,
        )

    def send(self) -> None:
        """Make a code and e-mail it."""
        self.state["code"] = get_adapter().generate_login_code()
        context = {"request": self.request, "code": self.code}
        get_adapter().send_mail(TEMPLATE, self.state["email"], context)

    def persist(self) -> None:
        self.request.session[STATE] = self.state

    def abort(self) -> None:
        self.request.session.pop(STATE, None)


def begin(request: HttpRequest, user: models.User) -> None:
    """E-mail a new code; an earlier one holds no more."""
    process = EmailedProof(request, user, EmailedProof.initial_state(user, email=user.email))
    process.send()
    process.persist()


def under_way(request: HttpRequest, user: models.User) -> EmailedProof | None:
    """Return the code that was sent to this person in this session; None when there is none that holds."""
    state = request.session.get(STATE)
    if not isinstance(state, dict):
        return None
    process = EmailedProof(request, user, state)
    if process.state.get("email") != user.email:
        process.abort()
        return None
    found: EmailedProof | None = process.abort_if_invalid()
    return found
