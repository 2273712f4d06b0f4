"""How often a device may be changed: counted in rows of changes, each person's and each organization's apart.

So a homeowner who tries modes leaves a bulk run its turn, and the run leaves the homeowner theirs. What takes
back something has a few turns more, so that nobody is left with a change that went wrong.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from gridshare_portal.control import models, operations, outcomes
from gridshare_portal.limits.windows import DAY, HOUR, Full, Window, full

log = logging.getLogger(__name__)

CHANGED, TRIED, PROPOSED = "changed", "tried", "proposed"

# Sent to one device by one person: some tries of every mode, or a plan that is drawn again and again. Each is
# written to the battery's memory, and a maker of others allows five in a day.
BY_A_PERSON: tuple[Window, ...] = (Window(most=12, length=HOUR), Window(most=30, length=DAY))
BY_AN_ORGANIZATION: tuple[Window, ...] = (
    Window(most=24, length=HOUR),
    Window(most=60, length=DAY),
)  # all its people and runs
TO_TAKE_BACK = 3  # on top of each
TRIES: tuple[Window, ...] = (
    Window(most=60, length=HOUR),
)  # also those of which nothing was sent: each asks Lunar something
PROPOSALS: tuple[Window, ...] = (
    Window(most=10, length=DAY),
)  # of an organization for one device: each is an e-mail


class TooOften(Exception):
    """Nothing was written; from `until_at` on it can be done again.

    `what` is CHANGED, TRIED or PROPOSED, and `by_organization` says whose limit it is. `can_take_back` says
    that there are turns left for putting back what was before.
    """

    def __init__(self, reached: Full, *, what: str, by_organization: bool = False) -> None:
        super().__init__(f"{what} {reached.window.most} times within {reached.window.length}")
        self.until_at, self.window = reached.until_at, reached.window
        self.what, self.by_organization = what, by_organization
        self.can_take_back = False


def check(*, change: models.Change, asked: operations.Ask, now: datetime) -> None:
    """Raise TooOften if this change, whose row is written, is one too many.

    To be called in the transaction that writes the row: a device has one open change, so none slips through
    between counting and writing.
    """
    others = models.Change.objects.filter(device=change.device_id, made_at__gt=now - DAY)
    others = others.exclude(pk=change.pk).order_by()
    more = TO_TAKE_BACK if _takes_back(others.filter(actor=change.actor_id), change, asked) else 0
    refusal = _refusal(change, others, more, now)
    if refusal is not None:
        refusal.can_take_back = not more and _refusal(change, others, TO_TAKE_BACK, now) is None
        log.warning("person %s has %s, device %s", change.actor_id, refusal, change.device_id)
        raise refusal


def check_proposal(*, proposal: models.Proposal, now: datetime) -> None:
    """Raise TooOften if the organization has proposed enough for this device."""
    same = models.Proposal.objects.filter(
        device=proposal.device_id,
        consent__organization=proposal.consent.organization_id,
        made_at__gt=now - DAY,
    )
    reached = full(_moments(same), PROPOSALS, now=now)
    if reached is not None:
        raise TooOften(reached, what=PROPOSED, by_organization=True)


def _refusal(
    change: models.Change, others: QuerySet[models.Change], more: int, now: datetime
) -> TooOften | None:
    """Return why there is no turn left, with so many `more` turns than usual, the longest wait first."""
    mine = others.filter(actor=change.actor_id)
    found = [
        (CHANGED, False, _full(_sent(mine), BY_A_PERSON, more, now)),
        (TRIED, False, _full(mine, TRIES, more, now)),
    ]
    if change.consent is not None:
        same = others.filter(consent__organization=change.consent.organization_id)
        found.append((CHANGED, True, _full(_sent(same), BY_AN_ORGANIZATION, more, now)))
    refusals = [
        TooOften(reached, what=what, by_organization=whose) for what, whose, reached in found if reached
    ]
    return max(refusals, key=lambda one: one.until_at, default=None)


def _full(
    changes: QuerySet[models.Change], windows: Sequence[Window], more: int, now: datetime
) -> Full | None:
    allowed = [Window(most=one.most + more, length=one.length) for one in windows]
    return full(_moments(changes), allowed, now=now)


def _moments(rows: QuerySet[models.Change] | QuerySet[models.Proposal]) -> Iterable[datetime]:
    return rows.values_list("made_at", flat=True)


def _sent(changes: QuerySet[models.Change]) -> QuerySet[models.Change]:
    return changes.filter(Q(sent_at__isnull=False) | Q(outcome=outcomes.OPEN))


def _takes_back(mine: QuerySet[models.Change], change: models.Change, asked: operations.Ask) -> bool:
    """Return whether a plan is cancelled, or something put back as it was before the person's last change."""
    if isinstance(asked, operations.AskPlan) and not asked.plan.commands:
        return True
    last = _sent(mine).filter(kind=change.kind).order_by("-made_at", "-pk").first()
    return last is not None and _plain(last.before) == _plain(asked.to_json())


def _plain(kept: operations.Kept | None) -> str:
    return json.dumps(kept, sort_keys=True)
