"""The two URLs of the OAuth round trip, named as allauth names them."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from gridshare_portal.lunar.provider import LunarProvider

urlpatterns = default_urlpatterns(LunarProvider)
