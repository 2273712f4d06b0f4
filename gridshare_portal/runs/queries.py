"""Queries on an organization's bulk runs and their lines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from gridshare_portal.accounts import models as accounts
from gridshare_portal.runs import models

R, S = models.Run.State, models.Line.State
UNDER_WAY = (S.WAITING, S.TAKEN)
SENT_OR_TRIED = (S.CONFIRMED, S.OVERTAKEN, S.CONTRADICTED, S.UNCONFIRMED, S.REFUSED, S.FAILED)
FAILURES = (S.CONTRADICTED, S.REFUSED, S.FAILED)


@dataclass(frozen=True, kw_only=True)
class LineCounts:
    """Homes of a run by state, and skipped homes by reason."""

    states: dict[str, int]
    skipped: dict[str, int]

    @property
    def homes(self) -> int:
        return sum(self.states.values())

    @property
    def finished(self) -> int:
        return self._of(SENT_OR_TRIED)

    @property
    def left(self) -> int:
        return self._of(UNDER_WAY)

    def _of(self, states: Collection[str]) -> int:
        return sum(self.states.get(state, 0) for state in states)


def runs_of(organization: accounts.Organization) -> QuerySet[models.Run]:
    """Return the organization's runs, the newest first."""
    runs = models.Run.objects.filter(organization=organization)
    return runs.select_related("made_by", "carried_by", "cancel_of")


def line_counts(run: models.Run) -> LineCounts:
    """Return how many homes of a run are in which state, in one query; a draft counts only checked ones."""
    states: dict[str, int] = {}
    skipped: dict[str, int] = {}
    found = run.lines.order_by()
    if run.state == R.DRAFT:
        found = found.filter(position__lte=run.read_to)
        states[S.UNCHECKED] = run.homes - run.read_to
    counted = found.values("state", "why").annotate(homes=Count("pk"))
    for state, why, homes in counted.values_list("state", "why", "homes"):
        states[state] = states.get(state, 0) + homes
        if state == S.SKIPPED:
            skipped[why] = skipped.get(why, 0) + homes
    return LineCounts(states=states, skipped=skipped)


def lines(
    run: models.Run,
    *,
    states: Collection[str] = (),
    why: str = "",
    text: str = "",
    after: int | None = None,
) -> QuerySet[models.Line]:
    """Return a run's lines by position, after the position `after`, with site, device and change."""
    found = run.lines.select_related("site", "device", "change").order_by("position")
    if states:
        found = found.filter(_shown_as(run, states))
    if why:
        found = found.filter(why=why)
    if text:
        found = found.filter(Q(site__name__icontains=text) | Q(site__synth_id__icontains=text))
    return found if after is None else found.filter(position__gt=after)


def _shown_as(run: models.Run, states: Collection[str]) -> Q:
    """Return the condition that a line's state, as Line.shown_state shows it, is one of these."""
    if run.state == R.DRAFT:
        judged = Q(position__lte=run.read_to, state__in=states)
        return judged | Q(position__gt=run.read_to) if S.UNCHECKED in states else judged
    return Q(state__in=states)
