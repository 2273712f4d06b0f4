"""What follows when somebody returns from Lunar's login: connecting, signing in or signing up.

A signed-in user connects; others sign in or sign up. A new person's Lunar account is linked to them only
after the e-mail code was typed: otherwise one could sign up with another's address and sign in through Lunar
later.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.utils import setup_user_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.base.provider import Provider
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.lunar import connections, queries
from gridshare_portal.lunar.tokens import pending
from gridshare_portal.lunar.views import BELONGS_TO_ANOTHER

log = logging.getLogger(__name__)

SIGNED_OUT = "You were signed out before Lunar answered, so nothing was connected. Sign in and try again."
TOO_LATE = "That took too long, so nothing was connected. Please connect your Lunar account again."
CONNECTED = "Your Lunar account is connected."
CONNECTED_ALREADY = "Your Lunar account is connected already. There is nothing more to do."
UNCHANGED = "Lunar did not let us finish. Your Lunar account stays connected as it was."
STATE_LASTS = timedelta(minutes=10)


class SocialAccounts(DefaultSocialAccountAdapter):
    def generate_state_param(self, state: dict[str, object]) -> str:
        """Return what Lunar sends back with its answer: 256 bits, where allauth draws 95."""
        return secrets.token_urlsafe(32)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect a signed-in user; let others go on to sign in or sign up."""
        if request.user.is_authenticated:
            finish(request, sociallogin, request.user, may_narrow=True)
            raise ImmediateHttpResponse(redirect("/"))
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            pending.discard(key=_key_of(sociallogin), now=timezone.now())
            messages.error(request, SIGNED_OUT)
            raise ImmediateHttpResponse(redirect("account_login"))

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: BaseForm | None = None
    ) -> AbstractBaseUser:
        """Save a new person without the Lunar account, which follows once the e-mail is proved."""
        user = sociallogin.user
        assert user is not None  # allauth makes one from the answer before anybody can sign up
        user.set_unusable_password()
        assert form is not None  # nobody signs up without it: SOCIALACCOUNT_AUTO_SIGNUP is off
        get_account_adapter().save_user(request, user, form)
        setup_user_email(request, user, sociallogin.email_addresses)
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("socialaccount_connections")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, object] | None = None,
    ) -> None:
        """Redirect to a page without the code and the state in its address."""
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(redirect("socialaccount_login_cancelled"))
        log.warning("coming back from Lunar failed: %s", str(exception or "no such state")[:60])
        newest = queries.newest_active(request.user)
        if newest is None:
            raise ImmediateHttpResponse(redirect("socialaccount_login_error"))
        is_repeated = timezone.now() - newest.authorized_at < STATE_LASTS
        messages.info(request, CONNECTED_ALREADY if is_repeated else UNCHANGED)
        raise ImmediateHttpResponse(redirect("socialaccount_connections"))


def finish(
    request: HttpRequest, sociallogin: SocialLogin, user: AbstractBaseUser, *, may_narrow: bool
) -> None:
    """Store the tokens that Lunar returned for this user, with a message about the result."""
    time_zone = (sociallogin.state.get("data") or {}).get("time_zone", "")
    key = _key_of(sociallogin)
    try:
        connections.store(user=user, key=key, time_zone=time_zone, now=timezone.now(), may_narrow=may_narrow)
    except connections.BelongsToAnother:
        messages.error(request, BELONGS_TO_ANOTHER)
    except pending.Gone:
        messages.error(request, TOO_LATE)
    else:
        messages.success(request, CONNECTED)


def _key_of(sociallogin: SocialLogin) -> str:
    """Return the key of the pending tokens, which allauth holds in place of a token."""
    return sociallogin.token.token if sociallogin.token else ""
