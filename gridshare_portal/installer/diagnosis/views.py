"""Pages of one home for staff: diagnosis, tree, completeness, raw API responses, case file."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry, rights
from gridshare_portal.cases import raw_responses as case_responses
from gridshare_portal.files import responses
from gridshare_portal.installer import visiting
from gridshare_portal.installer.diagnosis import bundle as case_file
from gridshare_portal.installer.diagnosis import calendar as completeness
from gridshare_portal.installer.diagnosis import forms, summary, tree
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.sites import raw_responses
from gridshare_portal.telemetry.models import Collection


@entry.require_right()
@require_safe
@visiting.visited("diagnosis")
def home(request: entry.MemberRequest, slug: str, looked: visiting.Looked) -> HttpResponse:
    diagnosis = summary.diagnose(looked, user=request.user)
    context = {"diagnosis": diagnosis, "can_control": _controls(request, looked)}
    return _page(request, "installer/home.html", looked, context)


@entry.require_right()
@require_safe
@visiting.visited("topology")
def topology(request: entry.MemberRequest, slug: str, looked: visiting.Looked) -> HttpResponse:
    drawn = tree.tree_of(looked.site, organization_id=looked.organization.pk, now=looked.now)
    return _page(request, "installer/topology.html", looked, {"tree": drawn})


@entry.require_right()
@require_safe
@visiting.visited("calendar")
def calendar(request: entry.MemberRequest, slug: str, looked: visiting.Looked) -> HttpResponse:
    sensors = list(site_queries.sensors_of(looked.site))
    only = next((one for one in sensors if str(one.pk) == request.GET.get("sensor")), None)
    row = Collection.objects.filter(site=looked.site).first()
    drawn = completeness.calendar_of(sensors, row, only=only.pk if only else None, now=looked.now)
    called = summary.titles_of(sensors)
    context = {
        "calendar": drawn,
        "levels": completeness.LEVELS,
        "day_numbers": range(1, 32),
        "marked_days": (1, 5, 10, 15, 20, 25, 30),
        "sensors": [(one, called[one.synth_id]) for one in sensors],
        "only": only,
    }
    return _page(request, "installer/calendar.html", looked, context)


@entry.require_right()
@require_http_methods(["GET", "HEAD", "POST"])
@visiting.visited("answer")
def answer(request: entry.MemberRequest, slug: str, looked: visiting.Looked) -> HttpResponse:
    today = looked.now.astimezone(looked.site.zone).date()
    posted = request.POST if request.method == "POST" else None
    form = forms.Question(posted, site=looked.site, today=today, initial={"day": today})
    if posted is not None and form.is_valid():
        try:
            response = case_responses.ask(
                site=looked.site,
                organization=looked.organization,
                actor=request.user,
                now=looked.now,
                **form.cleaned_data,
            )
        except case_responses.ResponseRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("installer:answer_shown", slug, looked.site.synth_id, response.pk)
    context = {"form": form, "answers": _responses(request, looked)[:20]}
    return _page(request, "installer/answer.html", looked, context, status=422 if form.errors else 200)


@entry.require_right()
@require_safe
@visiting.visited("answer")
def answer_shown(request: entry.MemberRequest, slug: str, looked: visiting.Looked, pk: int) -> HttpResponse:
    found = get_object_or_404(_responses(request, looked), pk=pk)
    is_late = found.came_at is None and looked.now - found.asked_at > raw_responses.LATE
    name = "installer/_answer.html" if request.htmx else "installer/answer_shown.html"
    return _page(request, name, looked, {"answer": found, "is_late": is_late})


@entry.require_right(rights.EXPORT)
@require_POST
@visiting.visited("bundle", kind="download")
def bundle(request: entry.MemberRequest, slug: str, looked: visiting.Looked) -> StreamingHttpResponse:
    name = case_file.file_name(looked)
    return responses.download(case_file.stream(looked), name=name, content_type="application/zip")


def _responses(request: entry.MemberRequest, looked: visiting.Looked) -> QuerySet[sites.RawResponse]:
    return raw_responses.of_home(
        looked.site, asked_by=request.user, asked_for=looked.organization.pk, now=timezone.now()
    )


def _controls(request: entry.MemberRequest, looked: visiting.Looked) -> bool:
    context = policy.access_of(request.user, looked.site, now=looked.now)
    if context is None or context.own:
        return context is not None
    return policy.controlling_consent(context.at(looked.organization.pk)) is not None


def _page(
    request: entry.MemberRequest,
    name: str,
    looked: visiting.Looked,
    context: dict[str, object],
    *,
    status: int = 200,
) -> HttpResponse:
    shared: dict[str, object] = {
        "looked": looked,
        "home": looked.site,
        "zone": looked.site.zone,
        "now": looked.now,
        "may_export": rights.may(request.membership.role, rights.EXPORT),
    }
    return render(request, name, shared | context, status=status)
