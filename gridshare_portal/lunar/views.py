"""The OAuth round trip to Lunar's login, as allauth views.

The tokens are sealed in a row of their own before allauth sees them; allauth gets the row's key in place of a
token. Whose account it is is known only after the access token was verified, and another user's account is
refused before anything of it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.internal.decorators import login_not_required
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter, OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from gridshare_portal.lunar import connections
from gridshare_portal.lunar.login import cognito, identity, registration
from gridshare_portal.lunar.tokens import pending as tokens_pending

LONGEST_CODE = 2_000
BELONGS_TO_ANOTHER = (
    "This Lunar account is already connected by another person here. Nothing was changed. "
    "Sign in as that person, or ask them to disconnect it first."
)


class LunarOAuth2Adapter(OAuth2Adapter):
    provider_id = "lunar"
    basic_auth = True

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.authorize_url = f"{settings.LUNAR_LOGIN_URL}/oauth2/authorize"
        self.access_token_url = f"{settings.LUNAR_LOGIN_URL}/oauth2/token"

    def get_access_token_data(
        self,
        request: HttpRequest,
        app: SocialApp,
        client: OAuth2Client,
        pkce_code_verifier: str | None = None,
    ) -> cognito.Tokens:
        """Exchange the code, under our own deadline."""
        code = request.GET.get("code", "")
        if not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
            raise OAuth2Error("no code")
        try:
            return cognito.exchange(
                registration.client(),
                code=code,
                verifier=pkce_code_verifier or "",
                redirect_uri=client.callback_url,
            )
        except (cognito.GrantEnded, cognito.ClientRefused, cognito.Unavailable) as failure:
            raise OAuth2Error(str(failure)) from None

    def parse_token(self, data: cognito.Tokens) -> SocialToken:
        """Seal the tokens and return the key of their row, which is all that allauth gets."""
        pending = tokens_pending.keep(tokens=data, now=timezone.now())
        return SocialToken(token=pending.key)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return whose Lunar account this is; refuse one that is connected to another user."""
        owner = self._owner(kwargs["response"], app, token.token)
        user, uid = request.user, connections.uid_of(issuer=owner.issuer, sub=owner.sub)
        if user.is_authenticated and connections.belongs_to_another(uid=uid, user=user):
            connections.refuse(key=token.token, user=user, now=timezone.now())
            messages.error(request, BELONGS_TO_ANOTHER)
            raise ImmediateHttpResponse(redirect("socialaccount_connections"))
        claims = {"uid": uid, "username": owner.username}
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, claims)
        return login

    def _owner(self, tokens: cognito.Tokens, app: SocialApp, key: str) -> identity.Identity:
        try:
            owner = identity.identify(tokens.access, issuer=settings.LUNAR_ISSUER, client_id=app.client_id)
        except (identity.NotGenuine, identity.NoKeys) as failure:
            tokens_pending.discard(key=key, now=timezone.now())
            raise OAuth2Error(type(failure).__name__) from None
        tokens_pending.name_owner(key=key, owner=owner)
        return owner


@never_cache
@login_not_required
def oauth2_login(request: HttpRequest) -> HttpResponse:
    """Redirect to Lunar with the ticked scopes; a GET leads to the checkboxes."""
    if request.method != "POST":
        return redirect("lunar_connect")
    return _leave(request)


_leave: Callable[[HttpRequest], HttpResponse] = OAuth2LoginView.adapter_view(LunarOAuth2Adapter)
oauth2_callback = never_cache(OAuth2CallbackView.adapter_view(LunarOAuth2Adapter))
