"""The page of one case, and the actions on it.

It tells no more of the home than what was found; to see the home, staff open a visit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.cases import handling, queries
from gridshare_portal.cases.models import Case
from gridshare_portal.installer.work import forms

TIMELINE = 200
ACTIONS: dict[str, tuple[Callable[..., object], str]] = {  # each with the sentence for its success
    "note": (handling.note, "Your note is in the timeline. The homeowner can read it."),
    "snooze": (handling.snooze, "Set aside. It comes back by itself, or earlier if it gets worse."),
    "wake": (handling.wake, "It is in the work list again."),
    "assign": (handling.assign, "Now with {}."),
    "resolve": (handling.resolve, "Resolved. If the cause is still found after a day, the case opens again."),
}


@entry.require_right()
@require_safe
def case(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    return _shown(request, _found(request, pk), {})


@entry.require_right(rights.WORK)
@require_POST
def act(request: entry.MemberRequest, slug: str, pk: int, name: str) -> HttpResponse:
    """Carry out the action of this name on the case, and say what came of it."""
    do, sentence = ACTIONS[name]
    found = _found(request, pk)
    known = _forms(request, found, bound=name)
    form = known[name]
    if not form.is_valid():
        return _shown(request, found, known, status=422)
    now = timezone.now()
    try:
        do(case=found, actor=request.user, now=now, **_arguments(form, found, now))
    except handling.CaseNotPermitted as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except handling.CaseRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return _shown(request, found, known, status=422)
    messages.success(request, sentence.format(form.cleaned_data.get("member") or "nobody"))
    back = _list(request.POST.get("list", ""))
    address = reverse("installer:case", args=[slug, pk])
    return redirect(f"{address}?{urlencode({'list': back})}" if back else address)


def _found(request: entry.MemberRequest, pk: int) -> Case:
    visible = handling.visible_to(request.user, request.organization, now=timezone.now())
    return get_object_or_404(
        visible.select_related("site", "assigned_to", "organization", "resolved_by"), pk=pk
    )


def _forms(request: entry.MemberRequest, found: Case, *, bound: str = "") -> dict[str, Form]:
    """Return the forms of the page; only the submitted one is bound."""

    data = {bound: request.POST}
    assign = forms.Assign(data.get("assign"), auto_id="assign-%s", organization=found.organization)
    assign.initial["member"] = found.assigned_to_id
    return {
        "note": forms.CaseNote(data.get("note")),
        "snooze": forms.Snooze(data.get("snooze"), auto_id="snooze-%s"),
        "wake": Form(data.get("wake")),
        "assign": assign,
        "resolve": forms.Resolve(data.get("resolve")),
    }


def _arguments(form: Form, found: Case, now: datetime) -> dict[str, object]:
    if isinstance(form, forms.Snooze):
        return {"until_at": form.until_at(found.site, now=now)}
    return {"to": form.cleaned_data["member"]} if isinstance(form, forms.Assign) else form.cleaned_data


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
