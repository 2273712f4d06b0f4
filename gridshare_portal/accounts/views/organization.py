"""An organization's page: its members, its invitations, and what homeowners read of it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.accounts import entry, forms, models, rights, staff
from gridshare_portal.accounts.organizations import details as organizations_details
from gridshare_portal.accounts.organizations import invitations, members

ON_A_PAGE = 50
CLOSED_SHOWN = 10
SENT = "{} is invited. The letter is on its way and holds for seven days."
NOT_SENT = "We could not send the e-mail just now, so nobody was invited. Please try again in a minute."
WITHDRAWN = "The invitation for {} is withdrawn. Its letter opens nothing any more."


@require_safe
@entry.require_right()
def organization(request: entry.MemberRequest, slug: str) -> HttpResponse:
    return page(request, now=timezone.now())


@require_POST
@entry.require_right(rights.MEMBERS)
def details(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    form = forms.Details(request.POST)
    if form.is_valid():
        try:
            organizations_details.describe(
                organization=request.organization, actor=request.user, now=now, **form.cleaned_data
            )
        except members.MemberRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("accounts:organization", slug=slug)
    return page(request, now=now, details=form)


@require_POST
@entry.require_right(rights.MEMBERS)
def invite(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    form = forms.Invite(request.POST)
    if form.is_valid() and _invited(request, form, now):
        messages.success(request, SENT.format(form.cleaned_data["email"]))
        return redirect("accounts:organization", slug=slug)
    return page(request, now=now, invite=form)


@require_POST
@entry.require_right(rights.MEMBERS)
def withdraw_invitation(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    invitation = get_object_or_404(request.organization.invitations, pk=pk)
    try:
        invitations.withdraw(invitation=invitation, actor=request.user, now=timezone.now())
    except members.MemberRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, WITHDRAWN.format(invitation.email))
    return redirect("accounts:organization", slug=slug)


def page(
    request: entry.MemberRequest,
    *,
    now: datetime,
    invite: forms.Invite | None = None,
    details: forms.Details | None = None,
    refused: dict[int, str] | None = None,
) -> HttpResponse:
    """Render the page with refused forms in place; 422 if something was refused."""
    is_admin = rights.may(request.membership.role, rights.MEMBERS)
    known = {name: getattr(request.organization, name) for name in ("name", "about", "is_listed")}
    everybody = request.organization.memberships.select_related("user")
    members_here = staff.annotate_second_factor(everybody.order_by("user__name", "user__email"))
    context = {
        "now": now,
        "organization": request.organization,
        "membership": request.membership,
        "is_admin": is_admin,
        "members": Paginator(members_here, ON_A_PAGE).get_page(request.GET.get("page")),
        "roles": models.Role.choices,
        "refused": refused or {},
    }
    if is_admin:
        context["invitations"] = _invitations(request.organization, now=now)
        context["invite"] = invite or forms.Invite()
        context["details"] = details or forms.Details(initial=known)
    status = 422 if refused or invite or details else 200
    return render(request, "accounts/organization.html", context, status=status)


def _invited(request: entry.MemberRequest, form: forms.Invite, now: datetime) -> bool:
    """Store the invitation and send its e-mail; withdraw it if that fails."""
    try:
        made = invitations.invite(
            organization=request.organization, actor=request.user, now=now, **form.cleaned_data
        )
    except members.MemberRefused as refusal:
        form.refuse(refusal)
        return False
    sent = invitations.send_or_withdraw(made, actor=request.user, now=now)
    if not sent:
        form.add_error("email", NOT_SENT)
    return sent


def _invitations(organization: models.Organization, *, now: datetime) -> list[models.Invitation]:
    made = list(organization.invitations.select_related("invited_by")[: invitations.AT_MOST_A_DAY * 8])
    closed = [one for one in made if not one.is_open(now=now)][:CLOSED_SHOWN]
    for one in closed:
        one.ended = "Accepted" if one.accepted_at else "Withdrawn" if one.withdrawn_at else "Ended unanswered"
    return [*(one for one in made if one.is_open(now=now)), *closed]
