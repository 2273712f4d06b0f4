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
@entry.door(rights.MEMBERS)
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
@entry.door(rights.MEMBERS)
def remove(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    member = _member(request, pk)
    if member.user_id == request.user.pk:
        return redirect("accounts:leave", slug=slug)
    if request.method != "POST":
        return render(request, "accounts/remove.html", _context(request, member))
    try:
        members.remove(membership=member, actor=request.user, now=timezone.now())
    except members.MemberRefused as refusal:
        return _refused(request, "accounts/remove.html", member, refusal)
    messages.success(request, REMOVED.format(member.user, request.organization))
    return redirect("accounts:organization", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@entry.door()
def leave(request: entry.MemberRequest, slug: str) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/leave.html", _context(request, request.membership))
    try:
        members.leave(membership=request.membership, now=timezone.now())
    except members.MemberRefused as refusal:
        return _refused(request, "accounts/leave.html", request.membership, refusal)
    messages.success(request, LEFT.format(request.organization))
    return redirect(addresses.path("front"))


def _member(request: entry.MemberRequest, pk: int) -> models.Membership:
    members_here = request.organization.memberships.select_related("user", "organization")
    return get_object_or_404(members_here, pk=pk)


def _context(request: entry.MemberRequest, member: models.Membership) -> dict[str, object]:
    return {"organization": request.organization, "membership": request.membership, "member": member}


def _refused(
    request: entry.MemberRequest, template: str, member: models.Membership, refusal: members.MemberRefused
) -> HttpResponse:
    return render(request, template, {**_context(request, member), "refused": str(refusal)}, status=422)
