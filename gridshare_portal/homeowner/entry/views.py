"""The front page, and the choice of colors: what anybody may see and set."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.access import policy, return_address
from gridshare_portal.accounts import entry
from gridshare_portal.browsers import cookies
from gridshare_portal.homeowner import addresses
from gridshare_portal.homeowner.home import flow_picture, words


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Say what the portal is; whoever is signed in goes on to the only home, to the list, or to work."""
    if not request.user.is_authenticated:
        return render(request, "homeowner/welcome.html", _example())
    now = timezone.now()
    came_from = return_address.take(request.session, now=now)
    if came_from:
        return redirect(came_from)
    mine = list(policy.own_sites(request.user).order_by(F("left_at").desc(nulls_first=True), "pk")[:2])
    current = [site for site in mine if site.left_at is None]
    if len(current) == 1:  # beside what was left, whatever there is of it
        return redirect("homeowner:site", synth_id=current[0].synth_id)
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
    cookies.keep_theme(response, request.POST.get("theme", ""))
    return response


def _example() -> dict[str, object]:
    """Return the picture and the sentence of a made-up sunny afternoon, drawn like a real one."""
    flows = {"solar_to_home": 1120.0, "solar_to_battery": 2140.0, "solar_to_grid": 410.0}
    nodes = {
        "solar": (3670.0, "making power"),
        "grid": (410.0, "receiving"),
        "home": (1120.0, "using"),
        "battery": (2140.0, "charging"),
    }
    sentence = words.happening(
        flows=flows, home_w=1120.0, charging_w=2140.0, discharging_w=0.0, to_grid_w=410.0
    )
    return {"picture": flow_picture.draw(nodes=nodes, flows=flows, remainder_w=0.0), "sentence": sentence}
