"""The door of a staff page: signed in, a member of the organization in the address, proven, permitted.

In this order, so that whoever is not a member cannot tell whether the organization exists, and no member
sees anything before a second factor stands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from gridshare_portal.accounts import models, rights, staff

View = Callable[..., HttpResponse]

NO_FACTOR = "{} needs to know that it is really you. Set up a passkey or an authenticator app here."
NOT_YOURS = "Your role at {} is {}. It does not include this: {}."


def door(right: rights.Right = rights.SEE, *, kind: str | None = None) -> Callable[[View], View]:
    """Open a page at `<slug>/…` to members whose role includes the right, and to nobody else.

    The view finds them in `request.membership` and `request.organization`. A part of a page that is asked
    for by a script is answered with the whole page again, and that one leads to sign-in or second factor.
    """

    def closed(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **options: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _instead(request, redirect_to_login(request.get_full_path()))
            membership = _membership(request, slug, kind)
            if not membership.stands:
                messages.warning(request, NO_FACTOR.format(membership.organization))
                return _instead(request, redirect("mfa_index"))
            _check(membership, right)
            request.membership, request.organization = membership, membership.organization
            return view(request, slug, *args, **options)

        return guarded

    return closed


def memberships(request: HttpRequest) -> list[models.Membership]:
    """Return where the visitor works, each with `stands` (does a second factor?); asked once a request."""
    if not hasattr(request, "_memberships"):
        mine = staff.memberships_of(request.user).annotate(stands=staff.has_strong_factor("user"))
        request._memberships = list(mine)
    return request._memberships


def _membership(request: HttpRequest, slug: str, kind: str | None) -> models.Membership:
    for membership in memberships(request):
        if membership.organization.slug == slug and kind in (None, membership.organization.kind):
            return membership
    raise Http404


def _check(membership: models.Membership, right: rights.Right) -> None:
    if not rights.may(membership.role, right):
        role = membership.get_role_display().lower()
        title = right.title[0].lower() + right.title[1:]
        raise PermissionDenied(NOT_YOURS.format(membership.organization, role, title))


def _instead(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    return page
