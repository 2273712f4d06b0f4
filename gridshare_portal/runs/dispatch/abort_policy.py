"""Whether a run goes on: after the canary homes, and until too many fail.

Unconfirmed is no failure; but the canary is waited for, and if no outcome of it becomes known, a person has
to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs import transitions

R, S = runs.Run.State, runs.Line.State
JUDGED_FROM = 10
NO_LIMIT = 1_000_000
TOO_MANY = "{failures} of {known} homes did not get what was asked, so the run stopped by itself."
NOBODY_KNOWS = "Nobody knows what became of the first homes, so the run waits for you."
NO_ADMIN = "Whoever started this run may no longer do so. Another admin can resume it."


# In this process, by run: how many homes were confirmed at the last count.
_confirmed_at_least: dict[tuple[int, datetime | None], int] = {}


@dataclass(frozen=True, kw_only=True)
class Score:
    """Outcomes of the homes so far; `open` ones may still settle."""

    failures: int
    confirmed: int
    open: int

    @property
    def known(self) -> int:
        return self.failures + self.confirmed


def too_many(score: Score, *, limit_pct: int) -> bool:
    """Return whether more than this share (%) of the known outcomes are failures."""
    return score.failures * 100 > limit_pct * score.known


def homes_allowed(*, run: runs.Run, now: datetime) -> int:
    """Return how many more homes may be sent now; stop or pause the run where it must not go on.

    Called every few homes, so it never counts them all: see _may_be_too_many.
    """
    if not transitions.may_run(run.carried_by, run.organization):
        _pause(run, "no_admin", NO_ADMIN, now)
        return 0
    if run.canary > 0 and run.canary_passed_at is None:
        return _canary_homes(run, now)
    if _may_be_too_many(run):
        score = score_of(run)
        if score.known >= JUDGED_FROM and too_many(score, limit_pct=run.stop_at_failure_pct):
            _stop(run, score, now)
            return 0
        _confirmed_at_least[run.pk, run.started_at] = score.confirmed
    return NO_LIMIT


def _canary_homes(run: runs.Run, now: datetime) -> int:
    had_turn = run.lines.filter(state__in=(S.TAKEN, *run_queries.SENT_OR_TRIED)).order_by()
    left = run.canary - had_turn[: run.canary].count()
    if left > 0:
        return left
    score = score_of(run)
    if score.open:
        return 0
    if too_many(score, limit_pct=run.stop_at_failure_pct):
        _stop(run, score, now)
        return 0
    if not score.known:
        _pause(run, "canary_unknown", NOBODY_KNOWS, now)
        return 0
    runs.Run.objects.filter(pk=run.pk).update(canary_passed_at=now)
    return NO_LIMIT


def _may_be_too_many(run: runs.Run) -> bool:
    """Return whether the outcomes have to be counted.

    There are few failures, or the run would have stopped; and a confirmed home stays confirmed, so the last
    count of those is enough for as long as it outweighs the failures.
    """
    if run.stop_at_failure_pct >= 100:
        return False
    failures = run.lines.filter(state__in=run_queries.FAILURES).order_by().count()
    confirmed = _confirmed_at_least.get((run.pk, run.started_at), 0)
    known = Score(failures=failures, confirmed=confirmed, open=0)
    return too_many(known, limit_pct=run.stop_at_failure_pct)


def score_of(run: runs.Run) -> Score:
    """Return how many homes of a run failed, are confirmed, and are still open."""
    states = run_queries.line_counts(run).states
    read_again = run.lines.filter(state=S.UNCONFIRMED, change__read_again_at__isnull=False)
    unsettled = read_again.count() if states.get(S.UNCONFIRMED) else 0
    return Score(
        failures=sum(states.get(state, 0) for state in run_queries.FAILURES),
        confirmed=states.get(S.CONFIRMED, 0),
        open=states.get(S.TAKEN, 0) + unsettled,
    )


def _stop(run: runs.Run, score: Score, now: datetime) -> None:
    sentence = TOO_MANY.format(failures=score.failures, known=score.known)
    transitions.stop(run=run, after=[R.RUNNING], actor=None, now=now, why="failures", sentence=sentence)


def _pause(run: runs.Run, why: str, sentence: str, now: datetime) -> None:
    written = {"state": R.PAUSED, "why": why, "sentence": sentence}
    transitions.move(run=run, action="paused", after=[R.RUNNING], actor=None, now=now, **written)
