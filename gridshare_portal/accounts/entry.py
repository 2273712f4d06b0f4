"""Access check of staff pages: signed in, member of the organization in the URL, second factor, right.

In this order, so that a non-member cannot tell whether the organization exists, and no member sees anything
without a second factor.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

from gridshare_portal.accounts import models, rights, staff
from gridshare_portal.accounts.signing_in import proof

P = ParamSpec("P")


class AnyRequest(HttpRequest):
    """A request after the middleware, by anybody."""

    htmx: HtmxDetails
    _memberships: list[models.Membership]  # filled by memberships()


class SignedInRequest(AnyRequest):
    """A request by a signed-in person."""

    user: models.User


class MemberRequest(SignedInRequest):
    """A request to an organization's page, by a member with a second factor."""

    membership: models.Membership
    organization: models.Organization


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
MemberView = Callable[Concatenate[MemberRequest, P], HttpResponseBase]

NO_FACTOR = "{} needs to know that it is really you. Set up a passkey or an authenticator app here."
NOT_YOURS = "Your role at {} is {}. It does not include this: {}."


def require_right(
    right: rights.Right = rights.SEE, *, kind: str | None = None
) -> Callable[[MemberView[P]], View[P]]:
    """Require the right at the organization of `<slug>/…`; sets request.membership and request.organization.

    The first change in a session needs a recent proof of who the member is. A fragment requested by htmx is
    answered with a full refresh, which leads to sign-in or second factor.
    """

    def decorate(view: MemberView[P]) -> View[P]:
        @functools.wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **named: P.kwargs) -> HttpResponseBase:
            member_request = cast(MemberRequest, request)
            if not member_request.user.is_authenticated:
                return _instead(member_request, redirect_to_login(member_request.get_full_path()))
            membership = _membership(member_request, str(named["slug"]), kind)
            if not membership.has_second_factor:
                messages.warning(member_request, NO_FACTOR.format(membership.organization))
                return _instead(member_request, redirect("mfa_index"))
            if not rights.may(membership.role, right):
                role, title = membership.get_role_display().lower(), right.title[0].lower() + right.title[1:]
                raise PermissionDenied(NOT_YOURS.format(membership.organization, role, title))
            if proof.lacks_first(member_request):
                return proof.ask(member_request)
            member_request.membership, member_request.organization = membership, membership.organization
            return view(member_request, *args, **named)

        return checked

    return decorate


def memberships(request: HttpRequest) -> list[models.Membership]:
    """Return the visitor's memberships, each with `has_second_factor`; one query a request."""
    known: list[models.Membership] | None = getattr(request, "_memberships", None)
    if known is None:
        known = staff.read_memberships(request.user)
        cast(AnyRequest, request)._memberships = known
    return known


def _membership(request: HttpRequest, slug: str, kind: str | None) -> models.Membership:
    for membership in memberships(request):
        if membership.organization.slug == slug and kind in (None, membership.organization.kind):
            return membership
    raise Http404


def _instead(request: AnyRequest, page: HttpResponse) -> HttpResponse:
    return HttpResponse(status=401, headers={"HX-Refresh": "true"}) if request.htmx else page
