"""How far a bulk run has come as a picture, and what happens next. Pure but for the rows it is handed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from gridshare_portal.retailer.runs import words
from gridshare_portal.retailer.runs.words import R, S
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs.models import Run
from gridshare_portal.templatetags import energy

WHOLE = 1000
SOON_S, NOW_AND_THEN_S = 3, 30
HELD = "Nothing more is sent until somebody lets it go on."
WAITS = {
    R.DRAFT: "When every home is checked, you can start the run.",
    R.PAUSED: HELD,
    R.STOPPING: "Homes on their way come to their end. The others are left alone.",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the bar that shows how far a run has come, in thousandths of its length."""

    look: str
    start: int
    length: int


def bar(line_counts: run_queries.LineCounts) -> list[Part]:
    """Return the homes that had their turn as parts of a bar; what is left of it is still to come."""
    whole, begun, parts = words.taking_part(line_counts), 0, []
    for state in run_queries.SENT_OR_TRIED:
        homes = line_counts.states.get(state, 0)
        if homes and whole:
            start, end = WHOLE * begun // whole, WHOLE * (begun + homes) // whole
            parts.append(Part(look=words.OUTCOMES[state].look, start=start, length=end - start))
        begun += homes
    return parts


def following(run: Run, line_counts: run_queries.LineCounts) -> str:
    """Say what happens next, or what is left for a person to do."""
    state = R(run.state)
    if state == R.PAUSED and line_counts.states.get(S.TAKEN):
        return f"Homes on their way come to their end. {HELD}"
    if state == R.CHECKED and run.start_at:
        return "It starts by itself, and nothing is sent before."
    if state == R.RUNNING:
        return _time_left(run, line_counts)
    if state in (R.DONE, R.STOPPED):
        return _rest(line_counts)
    return WAITS.get(state, "")


def looks_again_s(run: Run, line_counts: run_queries.LineCounts) -> int:
    """Return after how many seconds the page asks again how the run goes; 0 when only a person can change it.

    Homes on their way come to their end in a paused run too, and an unconfirmed one is read again long after.
    """
    if run.state in words.LIVE or run.start_at or line_counts.states.get(S.TAKEN):
        return SOON_S
    return NOW_AND_THEN_S if line_counts.states.get(S.UNCONFIRMED) else 0


def _time_left(run: Run, line_counts: run_queries.LineCounts) -> str:
    """Say how long it takes at the rate that all runs share; the first homes come before all others."""
    if run.canary and run.canary_passed_at is None:
        first = "home goes" if run.canary == 1 else f"{run.canary:,} homes go"
        return f"The first {first} alone. The others follow once it is known how that went."
    lasts = energy.duration(60 * max(1.0, line_counts.left / settings.RUNS_PER_MINUTE))
    return f"It takes about {lasts} more, also when you leave this page."


def _rest(line_counts: run_queries.LineCounts) -> str:
    failed = line_counts.states.get(S.FAILED, 0)
    if failed:
        return f"{failed:,} failed and changed nothing: you can try {'it' if failed == 1 else 'them'} again."
    return "Every home has its receipt."
