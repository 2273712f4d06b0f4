"""The portfolio report as a page and as a file, and its subscription."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.audit import downloads
from gridshare_portal.files import responses
from gridshare_portal.reports import delivery, figures, periods, workbook
from gridshare_portal.reports import models as reports
from gridshare_portal.retailer.reports import forms as reports_forms

CHOSEN = {
    "week": "The report comes every Monday.",
    "month": "The report comes on the first of every month.",
    "": "No more reports.",
}


@entry.require_right(kind="retailer")
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: entry.MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    chosen = delivery.subscription_of(request.membership)
    known = {"every": chosen.every, "time_zone": chosen.time_zone}
    form = reports_forms.Report(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid():
        delivery.choose(membership=request.membership, now=now, **form.cleaned_data)
        messages.success(request, CHOSEN[form.cleaned_data["every"]])
        return redirect("retailer:report", slug=slug)
    found = _report(request, chosen, now)
    context = {
        "form": form,
        "chosen": chosen,
        "report": found,
        "homes": workbook.homes_of(found),
        "is_counted": any(day.is_known for day in found.days),
        "energies": workbook.ENERGIES,
        "smallest": settings.SMALLEST_GROUP,
        "zone": ZoneInfo(chosen.time_zone),
        "now": now,
    }
    return render(request, "retailer/report.html", context, status=422 if form.errors else 200)


@entry.require_right(rights.EXPORT, kind="retailer")
@require_safe
def report_xlsx(request: entry.MemberRequest, slug: str) -> StreamingHttpResponse:
    now = timezone.now()
    found = _report(request, delivery.subscription_of(request.membership), now)
    if request.method == "GET":
        downloads.tell(
            table=downloads.REPORT,
            form="XLSX",
            actor=request.user,
            organization=request.organization,
            details={"about": found.period.title},
            at=now,
        )
    name = delivery.file_name(found)
    return responses.download([workbook.xlsx(found)], name=name, content_type=delivery.SHEET)


def _report(request: entry.MemberRequest, chosen: reports.Subscription, now: datetime) -> figures.Report:
    asked = request.GET.get("every")
    every = asked if asked in (periods.WEEK, periods.MONTH) else chosen.every
    period = periods.before(every=every or periods.WEEK, zone=chosen.time_zone, now=now)
    return figures.report_of(request.organization, period)
