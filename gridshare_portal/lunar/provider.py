"""Lunar as allauth knows it.

The scopes to ask for come from the boxes that the homeowner ticked and posted, and from
nowhere else; neither scopes, parameters nor the place to return to come from an address.
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
    """A Lunar account in lists of sign-in methods."""

    def to_str(self) -> str:
        """Return the name that the owner knows it by."""
        return self.account.extra_data.get("username") or "Lunar account"


class LunarProvider(OAuth2Provider):
    """Signing in at Lunar: PKCE always, and only what was ticked."""

    id = "lunar"
    name = "Lunar"
    account_class = LunarAccount
    oauth2_adapter_class = LunarOAuth2Adapter
    pkce_enabled_default = True

    def get_default_scope(self) -> list[str]:
        """Return what reading needs; changing is asked for by name."""
        return [scope.id for scope in scopes.SCOPES if not scope.writes]

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Return the ticked scopes; none or an unknown one leads back to the boxes."""
        chosen = scopes.chosen(request.POST.getlist("scope"))
        if not chosen:
            messages.error(request, NOTHING_CHOSEN)
            raise ImmediateHttpResponse(redirect("lunar_connect"))
        return list(chosen)

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, object]:
        """Return what the round trip depends on, none of it from the address."""
        return {
            "process": AuthProcess.CONNECT if request.user.is_authenticated else AuthProcess.LOGIN,
            "scope": self.get_scope_from_request(request),
            "auth_params": {},
            "data": {"time_zone": connections.known_zone(request.POST.get("time_zone", ""))},
        }

    def extract_uid(self, data: dict[str, str]) -> str:
        """Return the one name of the account that never changes."""
        return data["sub"]

    def extract_extra_data(self, data: dict[str, str]) -> dict[str, str]:
        """Return the little that may be shown; never the token's claims."""
        return {"username": data["username"]}


provider_classes = [LunarProvider]
