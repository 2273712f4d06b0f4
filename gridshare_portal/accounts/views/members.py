"""Views that change a member's role, remove a member, or leave the organization."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from gridshare_portal.accounts import entry, models, rights
from gridshare_portal.accounts.organizations import members
from gridshare_portal.accounts.views import organization
from gridshare_portal.mail import addresses

CHANGED = "{} is {} now."
REMOVED = "{} does not work for {} any more and is signed out everywhere."
LEFT = "You do not work for {} any more."


@require_POST
@entry.require_right(rights.MEMBERS)
def role(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    now = timezone.now()
    member = _member(request, pk)
    new_role = request.POST.get("role", "")
    try:
        members.change_role(membership=member, role=new_role, actor=request.user, now=now)
    except members.MemberRefused as refusal:
        return organization.page(request, now=now, refused={pk: str(refusal)})
    messages.success(request, CHANGED.format(member.user, models.Role(new_role).label.lower()))
    return redirect("accounts:organization", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@entry.require_right(rights.MEMBERS)
def remove(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    member = _member(request, pk)
    if member.user_id == request.user.pk:
        return redirect("accounts:leave", slug=slug)
    if request.method != "POST":
        return _page(request, "accounts/remove.html", member)
    try:
        members.remove(membership=member, actor=request.user, now=timezone.now())
    except members.MemberRefused as refusal:
        return _page(request, "accounts/remove.html", member, refused=str(refusal))
    messages.success(request, REMOVED.format(member.user, request.organization))
    return redirect("accounts:organization", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@entry.require_right()
def leave(request: entry.MemberRequest, slug: str) -> HttpResponse:
    if request.method != "POST":
        return _page(request, "accounts/leave.html", request.membership)
    try:
        members.leave(membership=request.membership, now=timezone.now())
    except members.MemberRefused as refusal:
        return _page(request, "accounts/leave.html", request.membership, refused=str(refusal))
    messages.success(request, LEFT.format(request.organization))
    return redirect(addresses.path("front"))


def _member(request: entry.MemberRequest, pk: int) -> models.Membership:
    members_here = request.organization.memberships.select_related("user", "organization")
    return get_object_or_404(members_here, pk=pk)


def _page(
    request: entry.MemberRequest, template: str, member: models.Membership, *, refused: str = ""
) -> HttpResponse:
    context = {
        "organization": request.organization,
        "membership": request.membership,
        "member": member,
        "refused": refused,
    }
    return render(request, template, context, status=422 if refused else 200)
