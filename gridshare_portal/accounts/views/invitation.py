"""The page of an invitation, and the public table of rights."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.accounts import entry, models, staff
from gridshare_portal.accounts import rights as table
from gridshare_portal.accounts.organizations import invitations, members

JOINED = "Welcome to {}. You are {} there."
PROVE = "Before you see anything of {}: set up a passkey or an authenticator app here."


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    rows = [
        (right.title, [(role.label, table.may(role, right)) for role in models.Role])
        for right in table.RIGHTS
    ]
    return render(request, "accounts/rights.html", {"roles": models.Role.labels, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        invited = invitations.found(token)
    except members.MemberRefused as refusal:
        return render(request, "accounts/invitation.html", {"closed": str(refusal)}, status=404)
    if request.user.is_authenticated and request.method == "POST":
        try:
            membership = invitations.accept(secret=token, user=request.user, now=now)
        except members.MemberRefused:
            return _page(request, invited, status=422)
        return _welcome(request, membership)
    return _page(request, invited)


def _page(request: HttpRequest, invited: models.Invitation, *, status: int = 200) -> HttpResponse:
    invited.refresh_from_db()
    closed = invitations.refusal(invited, now=timezone.now())
    works_there = any(one.organization_id == invited.organization_id for one in entry.memberships(request))
    if closed and works_there:
        return redirect("accounts:organization", slug=invited.organization.slug)
    context = {
        "invitation": invited,
        "closed": closed,
        "is_mine": request.user.is_authenticated and invitations.is_for(invited, request.user),
        "rights": [right for right in table.RIGHTS if table.may(invited.role, right)],
    }
    return render(request, "accounts/invitation.html", context, status=410 if closed else status)


def _welcome(request: HttpRequest, membership: models.Membership) -> HttpResponse:
    organization = membership.organization
    messages.success(request, JOINED.format(organization, membership.get_role_display().lower()))
    if staff.active_memberships(request.user).filter(pk=membership.pk).exists():
        return redirect("accounts:organization", slug=organization.slug)
    messages.warning(request, PROVE.format(organization))
    return redirect("mfa_index")
