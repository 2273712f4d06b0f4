"""What may be asked of an organization's bulk runs and of their lines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from gridshare_portal.accounts import models as accounts
from gridshare_portal.runs import models

R, S = models.Run.State, models.Line.State
UNDER_WAY = (S.WAITING, S.TAKEN)
SENT_OR_TRIED = (S.CONFIRMED, S.CONTRADICTED, S.UNCONFIRMED, S.REFUSED, S.FAILED)
FAILURES = (S.CONTRADICTED, S.REFUSED, S.FAILED)


@dataclass(frozen=True, kw_only=True)
class LineCounts:
    """How many homes of a run are in which state; `skipped` says for how many homes which reason holds."""

    states: dict[str, int]
    skipped: dict[str, int]

    @property
    def homes(self) -> int:
        """Return how many homes were chosen."""
        return sum(self.states.values())

    @property
    def finished(self) -> int:
        """Return how many homes had their turn."""
        return self._of(SENT_OR_TRIED)

    @property
    def failures(self) -> int:
        """Return how many homes are known not to have got what was asked."""
        return self._of(FAILURES)

    @property
    def left(self) -> int:
        """Return how many homes have not had their turn yet, or are having it."""
        return self._of(UNDER_WAY)

    def _of(self, states: Collection[str]) -> int:
        return sum(self.states.get(state, 0) for state in states)


def runs_of(organization: accounts.Organization) -> QuerySet[models.Run]:
    """Return the organization's runs, the newest first."""
    runs = models.Run.objects.filter(organization=organization)
    return runs.select_related("made_by", "carried_by", "cancel_of")


def line_counts(run: models.Run) -> LineCounts:
    """Return how far a run has come."""
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
    """Return a run's lines in their order, those past the position `after`, with home, device and change."""
    found = run.lines.select_related("site", "device", "change").order_by("position")
    if states:
        found = found.filter(_stand(run, states))
    if why:
        found = found.filter(why=why)
    if text:
        found = found.filter(Q(site__name__icontains=text) | Q(site__synth_id__icontains=text))
    return found if after is None else found.filter(position__gt=after)


def _stand(run: models.Run, states: Collection[str]) -> Q:
    """Return the condition that a line of the run stands, as Line.stands says it, in one of these states."""
    if run.state == R.DRAFT:
        judged, beyond = Q(position__lte=run.read_to), Q(position__gt=run.read_to)
        return (
            judged & Q(state__in=states) | beyond if S.UNCHECKED in states else judged & Q(state__in=states)
        )
    return Q(state__in=states)
