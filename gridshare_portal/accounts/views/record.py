"""What was done in an organization's name, for its admins: by person, kind and day, and as a file."""

from __future__ import annotations

import itertools
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import chronicle, doors, forms, rights
from gridshare_portal.audit import models as audit
from gridshare_portal.audit import sheets, tables

ON_A_PAGE = 50


@require_safe
@doors.door(rights.RECORD)
def record(request: doors.MemberRequest, slug: str) -> HttpResponse:
    """Show the record, newest first."""
    return _page(request, _form(request))


@require_safe
@doors.door(rights.RECORD)
def record_csv(request: doors.MemberRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    """Give the same part of the record as a file."""
    form = _form(request)
    if not form.is_valid():
        return _page(request, form)
    events = chronicle.events_of(request.organization, **form.cleaned_data)
    if request.method == "GET":
        events = events.exclude(pk=_tell(request, form).pk)  # the file says what stood there before
    rows = (chronicle.cells(event) for event in events.iterator(chunk_size=500))
    lines = sheets.lines(itertools.chain([chronicle.HEADS], rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}_record.csv"'
    return response


def _tell(request: doors.MemberRequest, form: forms.Record) -> audit.Event:
    return tables.tell(
        table=tables.RECORD,
        form="CSV",
        actor=request.user,
        organization=request.organization,
        asked=urlencode({name: value for name, value in form.cleaned_data.items() if value}),
        at=timezone.now(),
    )


def _form(request: doors.MemberRequest) -> forms.Record:
    return forms.Record(request.GET, people=chronicle.people_of(request.organization))


def _page(request: doors.MemberRequest, form: forms.Record) -> HttpResponse:
    valid = form.is_valid()
    wished = form.cleaned_data if valid else {}
    events = chronicle.events_of(request.organization, **wished)
    page = Paginator(events, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "organization": request.organization,
        "membership": request.membership,
        "form": form,
        "narrowed": any(wished.values()),
        "page": page,
        "lines": [chronicle.line(event) for event in page],
    }
    return render(request, "accounts/record.html", context, status=200 if valid else 422)
