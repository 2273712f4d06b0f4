"""One bulk run: its dry run, how it goes, what came of it, each home with its receipt, and all as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridshare_portal.accounts import entry, rights
from gridshare_portal.audit import downloads
from gridshare_portal.files import cells, responses
from gridshare_portal.forms import Choice, Key, Query, Text
from gridshare_portal.retailer.runs import forms, prefill, progress, words
from gridshare_portal.retailer.runs.words import R, S
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs.checks import eligibility
from gridshare_portal.runs.targets import rejected_rows, selection, selectors

ON_A_PAGE = 100
TOGETHER = 1000
HEADS = ("Position", "Home", "Home id", "Outcome", "Why", "In words", "Attempt", "Asked at (UTC)",
         "Sent at (UTC)", "Settled at (UTC)", "Lunar said")  # fmt: skip


class LineQuery(Query):
    """Which homes of a run an address asks for; whatever it says wrongly finds all."""

    state = Choice(S.values)
    why = Choice(eligibility.REASONS)
    q = Text()
    after = Key()

    @property
    def address(self) -> str:
        """Return the query that asks for this again, from the first home on."""
        said = {name: self.cleaned_data[name] for name in ("state", "why", "q")}
        return urlencode({name: value for name, value in said.items() if value})

    def lines(self, run: runs.Run, *, after: int | None = None) -> QuerySet[runs.Line]:
        """Return the homes of the run, in order."""
        known = self.cleaned_data
        states = [known["state"]] if known["state"] else []
        after = known["after"] if after is None else after
        return run_queries.lines(run, states=states, why=known["why"], text=known["q"], after=after)


@entry.require_right(kind="retailer")
@require_safe
def run(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    """Show one run as it stands; a script asks for the part that moves, and for all when the state has."""
    found = run_of(request, pk)
    if request.htmx and request.GET.get("state") != found.state:
        return HttpResponse(headers={"HX-Refresh": "true"})
    name = "retailer/_run_live.html" if request.htmx else "retailer/run.html"
    return page(request, found, name=name)


@entry.require_right(kind="retailer")
@require_safe
def run_homes(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    """Show the homes of a run, those of one outcome or reason if asked, a page at a time."""
    found = run_of(request, pk)
    asked = LineQuery(request.GET)
    lines = list(asked.lines(found)[: ON_A_PAGE + 1])
    shown = lines[:ON_A_PAGE]
    line_counts = run_queries.line_counts(found)
    context = {
        "run": found,
        "lines": [(line, words.outcome(line.shown_state, found), words.reason(line.why)) for line in shown],
        "counts": words.counts(found, line_counts),
        "reasons": words.reasons(line_counts),
        "asked": asked.cleaned_data,
        "address": asked.address,
        "following": shown[-1].position if len(lines) > ON_A_PAGE else None,
        "is_first": asked.cleaned_data["after"] is None,
        "may_export": rights.may(request.membership.role, rights.EXPORT),
    }
    return render(request, "retailer/run_homes.html", context)


@entry.require_right(rights.EXPORT, kind="retailer")
@require_safe
def run_homes_csv(request: entry.MemberRequest, slug: str, pk: int) -> StreamingHttpResponse:
    """Send the receipts of a run, or those that are asked for, as a file, line by line."""
    found = run_of(request, pk)
    _tell(request, found, downloads.RECEIPTS)
    return responses.csv(_rows(found, LineQuery(request.GET)), name=f"{slug}-run-{found.pk}.csv")


@entry.require_right(rights.EXPORT, kind="retailer")
@require_safe
def run_left_csv(request: entry.MemberRequest, slug: str, pk: int) -> StreamingHttpResponse:
    """Send the lines that the file of a run left out, as a file."""
    found = run_of(request, pk)
    choice = get_object_or_404(
        runs.TargetSelection.objects.defer("packed"), run=found, way=runs.TargetSelection.Way.FILE
    )
    _tell(request, found, downloads.LEFT_OUT)
    return responses.csv(rejected_rows.rows(choice), name=f"{slug}-run-{found.pk}-left-out.csv")


def run_of(request: entry.MemberRequest, pk: int) -> runs.Run:
    """Return a run of this organization; of no other is said whether it exists."""
    if pk > 2**63 - 1:
        raise Http404
    return get_object_or_404(run_queries.runs_of(request.organization), pk=pk)


def page(
    request: entry.MemberRequest,
    found: runs.Run,
    *,
    start: forms.Start | None = None,
    schedule: forms.Schedule | None = None,
    name: str = "retailer/run.html",
    status: int = 200,
) -> HttpResponse:
    """Render a run with its forms; those that are not handed in are empty."""
    now = timezone.now()
    line_counts, choice = run_queries.line_counts(found), selection.choice_of(found)
    ready = line_counts.states.get(S.WAITING, 0)
    zones = selectors.zones_of(request.organization) if found.state == R.CHECKED else []
    context = {
        "run": found,
        "is": {state.name.lower(): found.state == state for state in R},
        "said": words.state_of(found),
        "terms": words.terms(found),
        "summary": words.found_so_far(found, choice)
        if found.state == R.READING
        else words.summary(found, line_counts),
        "choice": choice,
        "like": prefill.address(found, choice),
        "following": progress.following(found, line_counts),
        "bar": progress.bar(line_counts),
        "quiet": words.quiet(found, line_counts, last_at=_last_at(found), now=now),
        "looks_again_s": progress.looks_again_s(found, line_counts),
        "line_counts": line_counts,
        "checked": line_counts.homes - line_counts.states.get(S.UNCHECKED, 0),
        "ready": ready,
        "failed": line_counts.states.get(S.FAILED, 0),
        "unconfirmed": line_counts.states.get(S.UNCONFIRMED, 0),
        "taking_part": words.taking_part(line_counts),
        "counts": words.counts(found, line_counts),
        "reasons": words.reasons(line_counts),
        "file": rejected_rows.summary(choice)
        if choice and choice.file_name and found.state != R.READING
        else None,
        "start": start or forms.Start(ready=ready),
        "schedule": schedule
        or forms.Schedule(ready=ready, now=now, initial={"zone": zones[0] if zones else "UTC"}),
        "may_run": rights.may(request.membership.role, rights.RUN),
        "may_export": rights.may(request.membership.role, rights.EXPORT),
        "now": now,
    }
    return render(request, name, context, status=status)


def _tell(request: entry.MemberRequest, found: runs.Run, table: str) -> None:
    """Leave an event of what is taken away, before it is."""
    if request.method == "GET":
        downloads.tell(
            table=table,
            form="CSV",
            actor=request.user,
            organization=request.organization,
            asked=LineQuery(request.GET).address,
            details={"run": found.name, "number": found.pk},
            at=timezone.now(),
        )


def _last_at(found: runs.Run) -> datetime | None:
    """Return when any run last had a turn: all share one rate, so this costs the same for every run."""
    rate = runs.RateLimit.objects.first() if found.state == R.RUNNING else None
    return rate.next_at if rate else None


def _rows(found: runs.Run, asked: LineQuery) -> Iterator[list[str | int]]:
    """Yield the rows of the file, part by part, so that memory does not grow with the run."""
    yield list(HEADS)
    after: int | None = None
    while lines := list(asked.lines(found, after=after)[:TOGETHER]):
        yield from map(_row, lines)
        after = lines[-1].position


def _row(line: runs.Line) -> list[str | int]:
    change = line.change
    return [
        line.position,
        cells.text(line.site.name),
        cells.text(line.site.synth_id),
        words.outcome(line.shown_state, line.run).title,
        words.reason(line.why),
        cells.text(line.outcome_sentence),
        line.attempt,
        *(_moment(getattr(change, name, None)) for name in ("made_at", "sent_at", "settled_at")),
        cells.text(change.message if change else ""),
    ]


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""
