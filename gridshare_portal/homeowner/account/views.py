"""The page that deletes an account, after its address was typed."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry
from gridshare_portal.accounts.organizations import members
from gridshare_portal.audit import names, record
from gridshare_portal.homeowner import forms
from gridshare_portal.lunar import queries

DELETED = "Your account is deleted. We can no longer read or change anything at Lunar."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: entry.SignedInRequest) -> HttpResponse:
    now = timezone.now()
    form = forms.DeleteAccount(forms.posted(request), address=request.user.email)
    if request.method == "POST" and form.is_valid():
        try:
            _delete(request, now)
        except members.MemberRefused as refusal:
            form.add_error(None, f"{refusal} Nothing was deleted.")
        else:
            messages.success(request, DELETED)
            return redirect("homeowner:welcome")
    homes = list(policy.own_sites(request.user, now=now).order_by("name", "pk"))
    context = {
        "form": form,
        "homes": homes,
        "site": homes[0] if len(homes) == 1 else None,
        "connections": queries.connections_of(request.user).exclude(status="disconnected"),
    }
    return render(request, "homeowner/delete_account.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _delete(request: entry.SignedInRequest, now: datetime) -> None:
    """Delete the account; sign out first, while the user exists. Connections end with their owner."""
    user = request.user
    members.leave_all(user=user, now=now)
    record.add(name=names.Name.USER_DELETED, at=now, actor=user, subject=user)
    logout(request)
    user.delete()
