"""Pages of the visitor's Lunar connections and of their account: health, scopes, disconnecting, deleting."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry
from gridshare_portal.accounts.organizations import members
from gridshare_portal.accounts.signing_in import proof
from gridshare_portal.audit import names, record
from gridshare_portal.homeowner import entry_points, forms, viewer
from gridshare_portal.lunar import connections, queries, scopes
from gridshare_portal.lunar import models as lunar
from gridshare_portal.retention import rules
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.sites import structure

KEPT_FOR = rules.BY_NAME["home"].how_long
DELETED = "Your account is deleted. We can no longer read or change anything at Lunar."


@login_required
@require_safe
def connection(request: entry.SignedInRequest) -> HttpResponse:
    now = timezone.now()
    cards = [_card(one) for one in queries.connections_of(request.user)]
    context = {"connections": cards, **viewer.place(policy.own_sites(request.user)[:2], now=now)}
    return render(request, "homeowner/connection.html", context)


@entry_points.page(staff=None)
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: entry_points.HomeRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    one = entry_points.connection(request, pk, now=now)
    if one.status == lunar.Connection.Status.DISCONNECTED:
        raise Http404
    form = forms.Disconnect(forms.posted(request))
    if request.method == "POST" and form.is_valid():
        forget = form.cleaned_data["forget"]
        connections.disconnect(connection=one, actor=request.user, forget_readings=forget, now=now)
        stays = f"The stored readings stay here for {KEPT_FOR}, then they are deleted."
        kept = "The stored readings are deleted." if forget else stays
        messages.success(request, f"Disconnected. We can no longer read or change anything at Lunar. {kept}")
        return redirect("homeowner:connection")
    place = viewer.place(policy.own_sites(request.user)[:2], now=now)
    homes = site_queries.stored_of(one)
    context = {"connection": one, "homes": homes, "form": form, "kept_for": KEPT_FOR, **place}
    return render(request, "homeowner/disconnect.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proof.required
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
    homes = list(policy.own_sites(request.user).order_by("name", "pk"))
    context = {
        "form": form,
        "homes": homes,
        "site": homes[0] if len(homes) == 1 else None,
        "connections": queries.connected_of(request.user),
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


def _card(one: lunar.Connection) -> dict[str, object]:
    missing = {scope.id for scope in queries.missing_scopes(one)}
    progress = site_queries.progress_of(one)
    return {
        "connection": one,
        "deleted_at": one.status_since_at + rules.length("home"),
        "homes": site_queries.sites_of(one),
        "unread": list(structure.unread_of(progress)),
        "scopes": [(scope, scope.id not in missing) for scope in scopes.SCOPES],
    }
