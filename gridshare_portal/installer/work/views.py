"""The work list, as page and as file, and the list of all shared homes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.audit import downloads
from gridshare_portal.cases import open_counts as counts
from gridshare_portal.cases import queries
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.files import cells
from gridshare_portal.telemetry import latest

HEADS = ("Home", "Severity", "Cause", "About", "What was found", "Since (UTC)", "Newest reading (UTC)",
         "Assigned to", "What to do")  # fmt: skip
STATES = {"": "All", "help": "Need help", "well": "Well"}


@entry.door()
@require_safe
def homes(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    asked = queries.filters(request.GET)
    context = {
        "page": queries.page(request.user, request.organization, asked, now=now),
        "counts": queries.counts(request.user, request.organization, now=now),
        "asked": asked,
        "causes": Cause.choices,
        "levels": list(Severity),
        "shows": queries.SHOWS,
        "now": now,
    }
    return render(request, "installer/homes.html", context)


@entry.door()
@require_safe
def open_cases(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Count open cases by severity: a fragment that other pages load."""
    context = {"counted": counts.last_counts(request.organization), "now": timezone.now()}
    return render(request, "installer/_open_cases.html", context)


@entry.door(rights.EXPORT)
@require_safe
def homes_csv(request: entry.MemberRequest, slug: str) -> StreamingHttpResponse:
    now = timezone.now()
    asked = queries.filters(request.GET)
    lines = queries.everything(request.user, request.organization, asked, now=now)
    if request.method == "GET":
        _tell(request, asked, now)
    name = f"{request.organization.slug}-work-list-{now:%Y-%m-%d}.csv"
    answer = StreamingHttpResponse(cells.lines(_rows(lines)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@entry.door()
@require_safe
def all_homes(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    said = request.GET.get("after", "")
    after = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
    found = queries.homes(request.user, request.organization, state=state, after=after, now=now)
    shown = found[: queries.ON_A_PAGE]
    told = queries.last_reading_at([site.pk for site in shown])
    lines = [(site, told.get(site.pk), latest.freshness(told.get(site.pk), now=now)) for site in shown]
    context = {
        "lines": lines,
        "state": state,
        "states": STATES,
        "following": shown[-1].pk if len(found) > len(shown) else None,
        "is_first": after is None,
        "now": now,
    }
    return render(request, "installer/all_homes.html", context)


def _tell(request: entry.MemberRequest, asked: queries.Filters, now: datetime) -> None:
    downloads.tell(
        table=downloads.WORK_LIST,
        form="CSV",
        actor=request.user,
        organization=request.organization,
        asked=asked.address,
        at=now,
    )


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
            case.since_at.strftime("%Y-%m-%d %H:%M"),
            line.last_reading_at.strftime("%Y-%m-%d %H:%M") if line.last_reading_at else "",
            cells.text(str(case.assigned_to or "")),
            line.advice,
        ]
