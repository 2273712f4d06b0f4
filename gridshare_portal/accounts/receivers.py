"""Records and logs sign-up, sign-in, sign-out and failures; a first strong factor ends other sessions."""

from __future__ import annotations

import logging

from allauth.account import signals as allauth_signals
from allauth.mfa import signals as mfa_signals
from allauth.mfa.base.internal import flows
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone

from gridshare_portal.accounts import entry, models, staff
from gridshare_portal.accounts.signing_in import (
    attempts,
    known_browsers,
    second_factors,
    session_limits,
    sessions,
)
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


@receiver(auth_signals.user_logged_in)
def on_signed_in(user: models.User, request: HttpRequest, **_context: object) -> None:
    """Begin the session's limits, and tell the person of a browser they had not used before."""
    now = timezone.now()
    session_limits.begin(request.session, user, now=now)
    request.session[sessions.ROLES] = user.role_changes
    known_browsers.note(request, user, now=now)


@receiver(allauth_signals.authentication_step_completed)
def on_proof(user: models.User, request: HttpRequest, method: str, **_context: object) -> None:
    """Note that somebody proved once more who they are, and that a second factor was right."""
    now = timezone.now()
    if method == "mfa":
        record.add(name=names.Name.SECOND_FACTOR_PROVEN, at=now, actor=user, subject=user)
    if request.user.is_authenticated and request.user.pk == user.pk:
        session_limits.prove(request.session, now=now)
        sessions.take_another_key(request)


@receiver(post_save, sender=models.User)
def on_saved_person(instance: models.User, **_context: object) -> None:
    """Sign out of every browser whoever may sign in no more: a session does not wait until they may again."""
    if not instance.is_active:
        sessions.end_all(instance)


@receiver(allauth_signals.login_code_rejected)
def on_wrong_code(user: models.User, request: HttpRequest, **_context: object) -> None:
    record.add(name=names.Name.SIGN_IN_FAILED, at=timezone.now(), subject=user)
    log.warning("%s: person %s", names.Name.SIGN_IN_FAILED, user.pk)


@receiver(mfa_signals.authentication_failed)
def on_wrong_second_factor(user: models.User, authenticator: Authenticator, **_context: object) -> None:
    attempts.note_wrong(user, authenticator.type, now=timezone.now())


@receiver(pre_save, sender=Authenticator)
def on_saved_factor(
    instance: Authenticator, update_fields: frozenset[str] | None = None, **_context: object
) -> None:
    """Bind a second factor's secret to its row, wherever it is stored."""
    if update_fields is None or "data" in update_fields:
        second_factors.bind(instance)


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
