"""The page before Lunar's login: the scopes to grant, one checkbox each.

Reading is ticked and changing is not, unless it was granted before or is offered to add: a homeowner who only
wants to look grants nothing more. Lunar shows no such choice of its own.
"""

from __future__ import annotations

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gridshare_portal.lunar import queries, scopes
from gridshare_portal.lunar.login import registration
from gridshare_portal.mail import addresses


@require_safe
@never_cache
def connect(request: HttpRequest) -> HttpResponseBase:
    ticked = _ticked(request)
    context = {
        "boxes": [{"scope": scope, "ticked": scope.id in ticked} for scope in scopes.SCOPES],
        "adding": scopes.find(request.GET.get("add", "")),
        "for_changes": request.GET.get("for") == "changes",
    }

    @csp_update({"form-action": [registration.login_origin()]})
    def show(request: HttpRequest) -> HttpResponse:
        return render(request, "lunar/connect.html", context)

    return show(request)


def connections(request: HttpRequest) -> HttpResponse:
    """Redirect allauth's list of accounts to the page of connections."""
    return redirect(addresses.path("connections"))


def _ticked(request: HttpRequest) -> frozenset[str]:
    added = {request.GET.get("add", "")} & scopes.KNOWN
    mine = queries.connections_of(request.user).first() if request.user.is_authenticated else None
    before = mine.scope_set & scopes.KNOWN if mine else frozenset()
    return (before or scopes.READING) | added


urlpatterns = [
    path("connect/", connect, name="lunar_connect"),
    path("accounts/3rdparty/", connections),
]
