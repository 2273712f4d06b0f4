"""Requires a second factor of staff who open Django's admin."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from gridshare_portal.accounts import staff


def staff_need_a_second_factor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Redirect staff without a second factor from the admin to where they set one up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/admin/") and _lacks_second_factor(request):
            messages.warning(request, "The admin needs a passkey or an authenticator app. Set one up here.")
            return redirect("mfa_index")
        return get_response(request)

    return middleware


def _lacks_second_factor(request: HttpRequest) -> bool:
    user = request.user
    return user.is_authenticated and user.is_staff and not is_mfa_enabled(user, staff.STRONG)
