"""Records and logs sign-up, sign-in and sign-out; a first strong factor ends the other sessions."""

from __future__ import annotations

import logging

from allauth.account import signals as allauth_signals
from allauth.mfa import signals as mfa_signals
from allauth.mfa.base.internal import flows
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone

from gridshare_portal.accounts import entry, models, staff
from gridshare_portal.accounts.signing_in import sessions
from gridshare_portal.audit import names, record

log = logging.getLogger(__name__)

RECORDED = {
    allauth_signals.user_signed_up: names.Name.SIGNED_UP,
    auth_signals.user_logged_in: names.Name.SIGNED_IN,
    auth_signals.user_logged_out: names.Name.SIGNED_OUT,
}


@receiver([*RECORDED])
def on_signed(signal: Signal, user: models.User | None, **_context: object) -> None:
    if user is not None and user.is_authenticated:
        record.add(name=RECORDED[signal], at=timezone.now(), actor=user, subject=user)
        log.info("%s: person %s", RECORDED[signal], user.pk)


@receiver(allauth_signals.login_code_rejected)
def on_wrong_code(user: models.User, request: HttpRequest, **_context: object) -> None:
    record.add(name=names.Name.SIGN_IN_FAILED, at=timezone.now(), subject=user)
    log.warning("%s: person %s", names.Name.SIGN_IN_FAILED, user.pk)


@receiver(mfa_signals.authenticator_added)
def on_second_factor(
    user: models.User, request: entry.SignedInRequest, authenticator: Authenticator, **_context: object
) -> None:
    """Sign out every other browser when a first passkey or app is added: those never proved it.

    This browser has just proven it, and need not again on the way to the recovery codes.
    """
    strong = Authenticator.objects.filter(user=user, type__in=staff.STRONG).exclude(pk=authenticator.pk)
    if authenticator.type in staff.STRONG and not strong.exists():
        sessions.end_others(request)
        flows.post_authentication(request, authenticator, reauthenticated=True)
