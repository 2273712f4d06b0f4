"""The front page, and the choice of colors: what anybody may see and set."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.access import policy, return_address
from gridshare_portal.accounts import entry
from gridshare_portal.homeowner import addresses
from gridshare_portal.homeowner.entry import example

YEAR_S = 365 * 24 * 3600


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Say what the portal is; whoever is signed in goes on to the only home, to the list, or to work."""
    if not request.user.is_authenticated:
        return render(request, "homeowner/welcome.html", example.context())
    now = timezone.now()
    came_from = return_address.take(request.session, now=now)
    if came_from:
        return redirect(came_from)
    mine = list(policy.own_sites(request.user)[:2])
    if len(mine) == 1:
        return redirect("homeowner:site", synth_id=mine[0].synth_id)
    works = [] if mine else entry.memberships(request)
    if works:
        at = works[0].organization
        return redirect(
            "retailer:portfolio" if at.kind == at.Kind.RETAILER else "installer:homes", slug=at.slug
        )
    return redirect(f"{reverse('homeowner:sites')}?first")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember which colors this browser shows, and go back to the page."""
    back = request.POST.get("next", "")
    response = redirect(back if addresses.is_ours(back, request) else "/")
    chosen = request.POST.get("theme")
    if chosen in ("light", "dark"):
        response.set_cookie(
            "theme", chosen, max_age=YEAR_S, samesite="Lax", httponly=True, secure=settings.HTTPS
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response
