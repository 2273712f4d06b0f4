"""The work list as page and file, the list of all shared homes, and the choice of the daily e-mail."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.audit import downloads
from gridshare_portal.cases import digest as digests
from gridshare_portal.cases import open_counts as counts
from gridshare_portal.cases import queries
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.files import cells, responses
from gridshare_portal.forms import After, Choice
from gridshare_portal.installer.work import forms
from gridshare_portal.telemetry import latest

HEADS = ("Home", "Severity", "Cause", "About", "What was found", "Since (UTC)", "Newest reading (UTC)",
         "Assigned to", "What to do")  # fmt: skip
STATES = {"": "All", "help": "Need help", "well": "Well"}


class AllHomes(After):
    """Which homes the list of all shows."""

    state = Choice(STATES)


@entry.require_right()
@require_safe
def homes(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    filters = queries.filters(request.GET)
    context = {
        "page": queries.page(request.user, request.organization, filters, now=now),
        "counts": queries.counts(request.user, request.organization, now=now),
        "filters": filters,
        "causes": Cause.choices,
        "levels": list(Severity),
        "shows": queries.SHOWS,
        "now": now,
    }
    return render(request, "installer/homes.html", context)


@entry.require_right()
@require_safe
def open_cases(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Count open cases by severity: a fragment that other pages load."""
    context = {"counted": counts.last_counts(request.organization), "now": timezone.now()}
    return render(request, "installer/_open_cases.html", context)


@entry.require_right(rights.EXPORT)
@require_safe
def homes_csv(request: entry.MemberRequest, slug: str) -> StreamingHttpResponse:
    now = timezone.now()
    filters = queries.filters(request.GET)
    lines = queries.everything(request.user, request.organization, filters, now=now)
    if request.method == "GET":
        downloads.tell(
            table=downloads.WORK_LIST,
            form="CSV",
            actor=request.user,
            organization=request.organization,
            asked=filters.address,
            at=now,
        )
    name = f"{request.organization.slug}-work-list-{now:%Y-%m-%d}.csv"
    return responses.csv(_rows(lines), name=name)


@entry.require_right()
@require_safe
def all_homes(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    query = AllHomes(request.GET).cleaned_data
    state, after = query["state"], query["after"]
    found = queries.homes(request.user, request.organization, state=state, after=after, now=now)
    shown = found[: queries.ON_A_PAGE]
    read_at = queries.last_reading_at([site.pk for site in shown])
    lines = [(site, read_at.get(site.pk), latest.freshness(read_at.get(site.pk), now=now)) for site in shown]
    context = {
        "lines": lines,
        "state": state,
        "states": STATES,
        "following": shown[-1].pk if len(found) > len(shown) else None,
        "is_first": after is None,
        "now": now,
    }
    return render(request, "installer/all_homes.html", context)


@entry.require_right()
@require_http_methods(["GET", "HEAD", "POST"])
def digest(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    chosen = digests.digest_of(request.membership, now=now)
    known = {"is_on": chosen.is_on, "time_zone": chosen.time_zone}
    form = forms.Digest(request.POST if request.method == "POST" else None, initial=known)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "digest": chosen, "zone": ZoneInfo(chosen.time_zone), "now": now}
        return render(request, "installer/digest.html", context, status=422 if form.errors else 200)
    digests.choose(membership=request.membership, now=now, **form.cleaned_data)
    on = form.cleaned_data["is_on"]
    messages.success(request, "The letter comes every morning." if on else "No more letters.")
    return redirect("installer:digest", slug=request.organization.slug)


def _rows(lines: Iterator[queries.WorkListRow]) -> Iterator[list[object]]:
    yield list(HEADS)
    for line in lines:
        case = line.case
        yield [
            cells.text(case.site.name),
            case.level.label,
            case.get_cause_display(),
            cells.text(line.about),
            cells.text(line.sentence),
            f"{case.since_at:%Y-%m-%d %H:%M}",
            f"{line.last_reading_at:%Y-%m-%d %H:%M}" if line.last_reading_at else "",
            cells.text(str(case.assigned_to or "")),
            line.advice,
        ]
