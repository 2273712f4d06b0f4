"""The list of homes, a home's first screen with its self-refreshing parts, and its settings."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry
from gridshare_portal.audit import names, record
from gridshare_portal.control import queries as control
from gridshare_portal.control import state as control_state
from gridshare_portal.control.models import State
from gridshare_portal.homeowner import entry_points, forms
from gridshare_portal.homeowner.control import current_state
from gridshare_portal.homeowner.history import charts
from gridshare_portal.homeowner.home import banners, overview
from gridshare_portal.lunar import queries as connections
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.sites import settings as sites_settings
from gridshare_portal.sites import structure
from gridshare_portal.telemetry import collect, latest
from gridshare_portal.telemetry import queries as telemetry
from gridshare_portal.telemetry import stored as telemetry_kept


@login_required
@require_safe
def sites(request: entry.SignedInRequest) -> HttpResponse:
    """List the visitor's homes and connections still loading.

    With `?first`, as after connecting, the only home opens directly once it was read.
    """
    now = timezone.now()
    homes = list(policy.own_sites(request.user).order_by("name", "pk"))
    known = connections.connected_of(request.user)
    reads = [(connection, site_queries.progress_of(connection)) for connection in known]
    loading = [read for read in reads if not read[1].ready]
    current = [site for site in homes if site.left_at is None]
    if "first" in request.GET and len(current) == 1 and not loading:
        return redirect("homeowner:site", synth_id=current[0].synth_id)
    readings = [(site, latest.now_of(site, now=now)) for site in homes]
    silent = [site.pk for site, reading in readings if reading.at is None]
    gaps = structure.gaps_of(silent) if silent else {}
    context = {
        "cards": [{"site": site, "reading": reading, "gap": gaps.get(site.pk)} for site, reading in readings],
        "unread": [text for _, read in reads for text in structure.unread_of(read)],
        "loading": loading,
        "connected": bool(reads),
        "banner": banners.for_request(request.user, now=now),
        "now": now,
    }
    return render(request, "homeowner/sites.html", context)


@entry_points.part(staff=None)
@require_safe
def loading(request: entry_points.HomeRequest, pk: int) -> HttpResponse:
    """Report the progress of a connection's first reading; redirect once there is a home."""
    now = timezone.now()
    connection = entry_points.connection(request, pk, now=now)
    progress = site_queries.progress_of(connection)
    if progress.ready:
        return HttpResponse(headers={"HX-Redirect": reverse("homeowner:welcome")})
    context = {"connection": connection, "progress": progress, "now": now}
    return render(request, "homeowner/_loading.html", context)


@entry_points.page(staff="home")
@require_safe
def site(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    moment = timezone.now()
    kept, known, context = _overview(request, synth_id, moment)
    reader = entry_points.reader(request)
    context["controls"] = current_state.states_of(kept.site, known=known, reader=reader, now=moment)
    context["chart"] = charts.today(kept, now=moment)
    return render(request, "homeowner/site.html", context)


@entry_points.part(staff="home")
@require_safe
def now(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    _kept, _known, context = _overview(request, synth_id, timezone.now())
    return render(request, "homeowner/_now.html", context)


@entry_points.part(staff="home")
@require_safe
def progress(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Report how far readings were fetched; refresh the page once two days are there, or none will come."""
    moment = timezone.now()
    home = entry_points.site(request, synth_id, now=moment)
    filled = telemetry.progress(home)
    if filled.first_48h_done or not overview.fills(overview.gap_of(home, latest.now_of(home, now=moment))):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "homeowner/_filling.html", {"site": home, "progress": filled})


@entry_points.page(staff=None)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    moment = timezone.now()
    home = entry_points.site(request, synth_id, now=moment)
    before = {"name": home.name, "time_zone": home.time_zone}
    form = forms.SiteSettings(forms.posted(request), initial=before)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                sites_settings.rename(site=home, now=moment, **form.cleaned_data)
                details = {"before": before, "after": form.cleaned_data}
                record.add(
                    name=names.Name.SITE_RENAMED, at=moment, actor=request.user, site=home, details=details
                )
        except sites_settings.SettingRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, "Saved. Days now begin and end in this time zone.")
            return redirect("homeowner:site", synth_id=home.synth_id)
    status = 422 if form.errors else 200
    return render(request, "homeowner/settings.html", {"site": home, "form": form}, status=status)


def _overview(
    request: entry_points.HomeRequest, synth_id: str, now: datetime
) -> tuple[telemetry_kept.Kept, list[State], dict[str, object]]:
    """Return what the first screen needs, and have the worker read this home more often for a while."""
    home = entry_points.site(request, synth_id, now=now)
    kept = overview.read(home, now=now)
    known = control.battery_states_of(home, among=kept.sensors)
    collect.watch(site=home, now=now, row=kept.collection)
    control_state.watch(site=home, now=now, known=known)
    batteries = [state.device for state in known]
    user, look = request.user, request.looking
    return kept, known, overview.context_of(kept, batteries=batteries, user=user, look=look, now=now)
