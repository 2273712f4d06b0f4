"""A home's past: as a page, as columns for its chart, and as a file to take away."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from datetime import date, datetime

import orjson
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from gridshare_portal.browsers import compression
from gridshare_portal.files import responses
from gridshare_portal.homeowner import entry_points
from gridshare_portal.homeowner.history import charts, exports, range, revisions
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import structure
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry import stored as telemetry_kept

NAMES = {"day": "Day", "week": "Week", "month": "Month", "year": "Year", "range": "From – to"}
STEPS = {"quarter": "15 minutes", "hour": "Hours", "day": "Days", "month": "Months"}
GZIP_LEVEL = 3  # level 6 takes eight times as long for 13 % fewer bytes


@entry_points.page(staff="history")
@require_safe
def telemetry(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    """Show the home's past in the days that the address names, or what is wrong with the address."""
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    asked, today = _asked(request, site, now)
    context = {"site": site, "today": today, "faults": asked.faults, "given": _given(request), "now": now}
    if asked.choice is None:
        fallback = range.HistoryRange("day", today, today, "quarter")
        context |= {"views": _views(fallback, today, current=request.GET.get("view", "day"))}
        return render(request, "homeowner/telemetry.html", context, status=400)
    kept = charts.read(site, asked.choice)
    if "table" in request.GET and request.htmx:
        table = charts.figure(kept, asked.choice, now=now).table()
        return render(request, "includes/_chart_table.html", {"table": table})
    if asked.choice.last >= today:
        collect.watch(site=site, now=now, row=kept.collection)
    context["with_table"] = "table" in request.GET
    if not kept.sensors:
        context["gap"] = structure.gap_of(structure.known_of(site), has_readings=False)
    return render(request, "homeowner/telemetry.html", context | _shown(kept, asked.choice, now))


@entry_points.part(staff="history")
@require_safe
def telemetry_json(request: entry_points.HomeRequest, synth_id: str) -> HttpResponseBase:
    """Answer with the columns of the chart; unchanged ones are not sent again.

    Quarter hours are there for any number of days: whoever wants hours of a year can add those up.
    """
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    asked, _ = _asked(request, site, now, beyond=("quarter",))
    if asked.choice is None:
        return JsonResponse({"faults": asked.faults}, status=400)
    return _columns(request, site, asked.choice, now)


@entry_points.download(staff="history")
@require_safe
def telemetry_csv(request: entry_points.HomeRequest, synth_id: str) -> HttpResponseBase:
    """Stream the home's readings as a file, one row per bucket, in the home's own time."""
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    asked, _ = _asked(request, site, now, beyond=range.STEPS)
    if asked.choice is None:
        said = "\n".join(f"{field}: {fault}" for field, fault in asked.faults.items())
        return HttpResponse(said, status=400, content_type="text/plain; charset=utf-8")
    rows = charts.export(site, asked.choice, now=now)
    return responses.csv(rows, name=exports.file_name(site.name, asked.choice))


def _asked(
    request: entry_points.HomeRequest, site: sites.Site, now: datetime, *, beyond: Collection[str] = ()
) -> tuple[range.HistoryQuery, date]:
    today = now.astimezone(site.zone).date()
    return range.read(dict(request.GET.lists()), today=today, zone=site.zone, beyond=beyond), today


def _shown(kept: telemetry_kept.Kept, choice: range.HistoryRange, now: datetime) -> dict[str, object]:
    today = now.astimezone(kept.site.zone).date()
    shown = charts.shown(kept, choice, now=now)
    return {
        "choice": choice,
        "title": range.title(choice),
        "views": _views(choice, today, current=choice.view),
        "earlier": range.earlier(choice, begins=charts.begins(kept)),
        "later": range.later(choice, today=today),
        "steps": [(STEPS[by], choice.query(by=by), by == choice.by) for by in choice.steps],
        "files": [(STEPS[by], choice.query(by=by)) for by in range.STEPS],
        "figure": shown.figure,
        **charts.addresses(kept.site, choice),
        "totals": shown.totals,
        "changed": revisions.of_days(kept, choice),
        "read_at": shown.read_at,
        "includes_today": choice.first <= today <= choice.last,
    }


def _views(choice: range.HistoryRange, today: date, *, current: str) -> list[tuple[str, str, bool]]:
    return [
        (NAMES[view], range.seen_as(choice, view, today=today).query(), view == current)
        for view in range.VIEWS
    ]


def _given(request: entry_points.HomeRequest) -> dict[str, str]:
    """Return what goes back into the fields; what no date field can hold stays empty there."""
    given = {name: request.GET.get(name, "") for name in ("view", "day", "from", "to")}
    return {name: value if name == "view" or range.parsed(value) else "" for name, value in given.items()}


def _columns(
    request: entry_points.HomeRequest, site: sites.Site, choice: range.HistoryRange, now: datetime
) -> HttpResponseBase:
    """Answer that nothing changed, which is known before a day is read, or with the columns."""
    kept = telemetry_kept.read(site)
    mark = f'W/"{charts.mark(kept, choice, now=now)}"'
    response = HttpResponse(content_type="application/json")
    response["ETag"] = mark
    # Always asked again, because a role or a time zone may be corrected; what is unchanged is a 304.
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept-Encoding", "Cookie"])
    answer = get_conditional_response(request, etag=mark, response=response)
    if answer is not None and answer is not response:
        return answer
    body = orjson.dumps(charts.of_days(kept, choice, now=now).data)
    if compression.takes_gzip(request):
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        response["Content-Encoding"] = "gzip"
    response.content = body
    return response
