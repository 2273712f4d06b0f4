"""Lunar as an allauth provider.

The scopes requested come from the checkboxes that the homeowner posted, and from nowhere else; scopes,
parameters and the return address never come from a URL.
"""

from __future__ import annotations

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.base.provider import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from gridshare_portal.lunar import connections, scopes
from gridshare_portal.lunar.views import LunarOAuth2Adapter

NOTHING_CHOSEN = "Tick at least one box, so that there is something the portal may do for you."


class LunarAccount(ProviderAccount):
    def to_str(self) -> str:
        return self.account.extra_data.get("username") or "Lunar account"


class LunarProvider(OAuth2Provider):
    """Signing in at Lunar: PKCE always, and only the ticked scopes."""

    id = "lunar"
    name = "Lunar"
    account_class = LunarAccount
    oauth2_adapter_class = LunarOAuth2Adapter
    pkce_enabled_default = True

    def get_default_scope(self) -> list[str]:
        """Return the scopes for reading; those for changing are requested by name."""
        return [scope.id for scope in scopes.SCOPES if not scope.writes]

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Return the ticked scopes; none or an unknown one leads back to the checkboxes."""
        chosen = scopes.chosen(request.POST.getlist("scope"))
        if not chosen:
            messages.error(request, NOTHING_CHOSEN)
            raise ImmediateHttpResponse(redirect("lunar_connect"))
        return list(chosen)

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, object]:
        """Return the state of the round trip, none of it from the URL."""
        return {
            "process": AuthProcess.CONNECT if request.user.is_authenticated else AuthProcess.LOGIN,
            "scope": self.get_scope_from_request(request),
            "auth_params": {},
            "data": {"time_zone": connections.known_zone(request.POST.get("time_zone", ""))},
        }

    def extract_uid(self, data: dict[str, str]) -> str:
        return data["uid"]

    def extract_extra_data(self, data: dict[str, str]) -> dict[str, str]:
        """Return what may be shown of the account; never the token's claims."""
        return {"username": data["username"]}


provider_classes = [LunarProvider]
