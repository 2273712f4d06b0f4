"""The page of one case, and the actions on it.

It tells no more of the home than what was found; to see the home, staff open a visit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.cases import handling, queries
from gridshare_portal.cases.models import Case
from gridshare_portal.installer.work import forms

TIMELINE = 200


@entry.door()
@require_safe
def case(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    return _shown(request, _found(request, pk), {})


@entry.door(rights.WORK)
@require_POST
def note(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    def do(found: Case, form: forms.CaseNote) -> str:
        words = form.cleaned_data["words"]
        handling.note(case=found, actor=request.user, words=words, now=timezone.now())
        return "Your note is in the timeline. The homeowner can read it."

    return _done(request, pk, "note", do)


@entry.door(rights.WORK)
@require_POST
def snooze(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    def do(found: Case, form: forms.Snooze) -> str:
        now = timezone.now()
        until_at = form.until_at(found.site, now=now)
        handling.snooze(case=found, actor=request.user, until_at=until_at, now=now)
        return "Set aside. It comes back by itself, or earlier if it gets worse."

    return _done(request, pk, "snooze", do)


@entry.door(rights.WORK)
@require_POST
def wake(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    def do(found: Case, _form: Form) -> str:
        handling.wake(case=found, actor=request.user, now=timezone.now())
        return "It is in the work list again."

    return _done(request, pk, "wake", do)


@entry.door(rights.WORK)
@require_POST
def assign(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    def do(found: Case, form: forms.Assign) -> str:
        member = form.cleaned_data["member"]
        handling.assign(case=found, actor=request.user, to=member, now=timezone.now())
        return f"Now with {member}." if member else "Now with nobody."

    return _done(request, pk, "assign", do)


@entry.door(rights.WORK)
@require_POST
def resolve(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    def do(found: Case, form: forms.Resolve) -> str:
        words = form.cleaned_data["words"]
        handling.resolve(case=found, actor=request.user, words=words, now=timezone.now())
        return "Resolved. If the cause is still found after a day, the case opens again."

    return _done(request, pk, "resolve", do)


def _found(request: entry.MemberRequest, pk: int) -> Case:
    visible = handling.visible_to(request.user, request.organization, now=timezone.now())
    return get_object_or_404(
        visible.select_related("site", "assigned_to", "organization", "resolved_by"), pk=pk
    )


def _forms(request: entry.MemberRequest, found: Case, *, bound: str = "") -> dict[str, Form]:
    """Return the forms of the page; only the submitted one is bound."""

    def data(name: str) -> QueryDict | None:
        return request.POST if name == bound else None

    given = {"member": found.assigned_to_id}
    member = forms.Assign(data("assign"), organization=found.organization, initial=given, auto_id="assign-%s")
    return {
        "note": forms.CaseNote(data("note")),
        "snooze": forms.Snooze(data("snooze"), auto_id="snooze-%s"),
        "wake": Form(data("wake")),
        "assign": member,
        "resolve": forms.Resolve(data("resolve")),
    }


def _done(request: entry.MemberRequest, pk: int, name: str, do: Callable[[Case, Any], str]) -> HttpResponse:
    """Validate the form, perform the action, and report its result."""
    found = _found(request, pk)
    known = _forms(request, found, bound=name)
    form = known[name]
    if not form.is_valid():
        return _shown(request, found, known, status=422)
    try:
        said = do(found, form)
    except handling.CaseNotPermitted as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except handling.CaseRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return _shown(request, found, known, status=422)
    messages.success(request, said)
    back = _list(request.POST.get("list", ""))
    address = reverse("installer:case", args=[request.organization.slug, pk])
    return redirect(f"{address}?{urlencode({'list': back})}" if back else address)


def _shown(
    request: entry.MemberRequest, found: Case, known: dict[str, Form], *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    said = request.POST if request.method == "POST" else request.GET
    context = {
        "case": found,
        "line": queries.line(found, now=now),
        "notes": found.notes.all()[:TIMELINE],
        "may_work": rights.may(request.membership.role, rights.WORK),
        "is_asleep": found.sleeps(now=now),
        "forms": known or _forms(request, found),
        "list": _list(said.get("list", "")),
        "zone": found.site.zone,
        "now": now,
    }
    return render(request, "installer/case.html", context, status=status)


def _list(said: str) -> str:
    """Return the query string of the list the visitor came from, rebuilt from what is valid in it."""
    try:
        return queries.filters(dict(parse_qsl(said[:300]))).here
    except ValueError:
        return ""
