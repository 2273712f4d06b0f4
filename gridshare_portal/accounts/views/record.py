"""An organization's audit log for its admins, filtered, as a page and as a file."""

from __future__ import annotations

import itertools
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import entry, forms, rights
from gridshare_portal.accounts.organizations import audit_log
from gridshare_portal.audit import downloads
from gridshare_portal.files import responses

ON_A_PAGE = 50


@require_safe
@entry.require_right(rights.RECORD)
def record(request: entry.MemberRequest, slug: str) -> HttpResponse:
    return _page(request, _form(request))


@require_safe
@entry.require_right(rights.RECORD)
def record_csv(request: entry.MemberRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    form = _form(request)
    if not form.is_valid():
        return _page(request, form)
    events = audit_log.events_of(request.organization, **form.cleaned_data)
    if request.method == "GET":
        download = downloads.tell(
            table=downloads.RECORD,
            form="CSV",
            actor=request.user,
            organization=request.organization,
            asked=urlencode({name: value for name, value in form.cleaned_data.items() if value}),
            at=timezone.now(),
        )
        events = events.exclude(pk=download.pk)  # the file ends before its own download
    rows = (audit_log.cells(event) for event in events.iterator(chunk_size=500))
    return responses.csv(itertools.chain([audit_log.HEADS], rows), name=f"{slug}_record.csv")


def _form(request: entry.MemberRequest) -> forms.Record:
    return forms.Record(request.GET, people=audit_log.people_of(request.organization))


def _page(request: entry.MemberRequest, form: forms.Record) -> HttpResponse:
    valid = form.is_valid()
    narrowing = form.cleaned_data if valid else {}
    events = audit_log.events_of(request.organization, **narrowing)
    page = Paginator(events, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "organization": request.organization,
        "membership": request.membership,
        "form": form,
        "narrowed": any(narrowing.values()),
        "page": page,
        "lines": [audit_log.line(event) for event in page],
    }
    return render(request, "accounts/record.html", context, status=200 if valid else 422)
