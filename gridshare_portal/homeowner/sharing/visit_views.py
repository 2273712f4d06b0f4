"""Staff open a visit to a home with a reason, see it in a banner, and leave."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gridshare_portal.access import visits
from gridshare_portal.homeowner import addresses, entry_points, forms


@entry_points.page(staff=None)
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    home, context = entry_points.threshold(request, synth_id, now=now)
    if context.own:
        return redirect("homeowner:site", synth_id=home.synth_id)
    hosts = {one.organization_id: one.organization for one in context.consents}
    form = forms.Visit(forms.posted(request), organizations=list(hosts.values()))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data | {"organization": hosts[form.cleaned_data["organization"]]}
        try:
            visits.open(user=request.user, site=home, now=now, **data)
        except visits.VisitRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return redirect(_back(request, home.synth_id))
    page = {
        "home": home,
        "consent": context.consents[0],
        "form": form,
        "next": request.POST.get("next", request.GET.get("next", "")),
        "zone": home.zone,
        "now": now,
        "many": len(hosts) > 1,
    }
    return render(request, "homeowner/visit.html", page, status=422 if form.errors else 200)


@entry_points.part(staff="looking")
@require_safe
def looking(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    home = entry_points.site(request, synth_id, now=now)
    if request.looking is None:
        return redirect("homeowner:site", synth_id=home.synth_id)
    return render(request, "includes/_looking.html", {"looking": request.looking})


@entry_points.page(staff=None)
@require_POST
def leave(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    home, context = entry_points.threshold(request, synth_id, now=now)
    if context.own:
        return redirect("homeowner:site", synth_id=home.synth_id)
    going_on = visits.current(request.user, home, now=now, context=context)
    if going_on is None:
        return redirect("homeowner:welcome")
    visits.leave(visit=going_on, now=now)
    return redirect("installer:homes", slug=going_on.organization.slug)


def _back(request: entry_points.HomeRequest, synth_id: str) -> str:
    address = request.POST.get("next", "")
    if addresses.is_ours(address, request):
        return address
    return reverse("homeowner:site", args=[synth_id])
