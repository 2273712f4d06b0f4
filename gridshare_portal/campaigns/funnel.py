"""Counts what comes of a campaign's link, week by week, without tracking anybody.

The browser's session remembers which steps were counted for it; only counters are stored. All steps count for
the week in which the link was opened, so that a week is a funnel. Counts of connected people are hidden where
they are below the smallest group, or where such a count would follow by subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import F

from gridshare_portal.access import return_address
from gridshare_portal.campaigns import models
from gridshare_portal.portfolio import disclosure

KEY = "campaigns"
AT_MOST = 20
OPENED, CONNECTED, CONSENTED = STEPS = ("opened", "connected", "consented")
WEEKS_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """The steps of one week, or of all weeks (`begins` None); None is too few to say.

    `least` names the steps of which the figure is a lower bound.
    """

    begins: date | None
    opened: int
    connected: int | None
    consented: int | None
    least: tuple[str, ...] = ()


def monday_of(now: datetime) -> date:
    """Return the first day of this UTC week."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday())


def count(session: return_address.Session, *, campaign: models.Campaign, step: str, now: datetime) -> str:
    """Count a step once for this browser; return the Monday (ISO) of its first step's week."""
    kept: dict[str, tuple[str, list[str]]] = dict(session.get(KEY, {}))
    week, steps = kept.get(campaign.slug, (monday_of(now).isoformat(), []))
    if step not in steps:
        add(campaign=campaign, step=step, week=date.fromisoformat(week))
        kept[campaign.slug] = (week, [*steps, step])
        session[KEY] = dict(list(kept.items())[-AT_MOST:])
    return week


def add(*, campaign: models.Campaign, step: str, week: date) -> None:
    row, _new = models.CampaignWeek.objects.get_or_create(campaign=campaign, begins=week)
    models.CampaignWeek.objects.filter(pk=row.pk).update(**{step: F(step) + 1})


def funnel_of(campaign: models.Campaign) -> tuple[Funnel, list[Funnel]]:
    """Return the funnel of all weeks, and that of each, the newest first."""
    return shown([(row.begins, row.opened, row.connected, row.consented) for row in campaign.weeks.all()])


def shown(weeks: Sequence[tuple[date, int, int, int]]) -> tuple[Funnel, list[Funnel]]:
    """Return what may be shown of the weeks (Monday, opened, connected, consented), and of their sum.
    Pure.
    """
    found = []
    for begins, opened, *people in weeks:
        connected, consented = disclosure.veiled(people)
        found.append(Funnel(begins=begins, opened=opened, connected=connected, consented=consented))
    opened, *people = (sum(counts[step] for _begins, *counts in weeks) for step in range(len(STEPS)))
    connected, consented = disclosure.veiled(people)
    connected, connected_least = _apart(connected, [week.connected for week in found])
    consented, consented_least = _apart(consented, [week.consented for week in found])
    least = {CONNECTED: connected_least, CONSENTED: consented_least}
    total = Funnel(
        begins=None,
        opened=opened,
        connected=connected,
        consented=consented,
        least=tuple(step for step, is_least in least.items() if is_least),
    )
    return total, found


def _apart(total: int | None, weeks: Sequence[int | None]) -> tuple[int | None, bool]:
    """Return the sum; or a lower bound and True, where a hidden count that is too few would follow."""
    shown_sum = sum(one for one in weeks if one is not None)
    if None not in weeks or (total is not None and disclosure.is_enough(total - shown_sum)):
        return total, False
    return shown_sum or None, True
