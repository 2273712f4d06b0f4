"""Count what comes of a campaign's link, week by week, without following anybody around.

A browser's own session remembers which steps were counted for it; what is kept is counters. All steps count
for the week in which the link was opened, so that a week is a funnel. About connected people nothing is
shown where they are fewer than the smallest group, nor where so few would follow by subtraction.
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
    """How many came how far; None is too few to say. `begins` is None for all weeks together.

    `least` names the steps of which more may have been taken than the figure says.
    """

    begins: date | None
    opened: int
    connected: int | None
    consented: int | None
    least: tuple[str, ...] = ()


def monday_of(now: datetime) -> date:
    """Return the day on which this week began, in UTC."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday())


def count(session: return_address.Session, *, campaign: models.Campaign, step: str, now: datetime) -> str:
    """Count a step once for this browser; return the day on which the week of its first step began."""
    kept: dict[str, tuple[str, list[str]]] = dict(session.get(KEY, {}))
    week, steps = kept.get(campaign.slug, (monday_of(now).isoformat(), []))
    if step not in steps:
        add(campaign=campaign, step=step, week=date.fromisoformat(week))
        kept[campaign.slug] = (week, [*steps, step])
        session[KEY] = dict(list(kept.items())[-AT_MOST:])
    return week


def add(*, campaign: models.Campaign, step: str, week: date) -> None:
    """Add one to a step of a week."""
    row, _new = models.CampaignWeek.objects.get_or_create(campaign=campaign, begins=week)
    models.CampaignWeek.objects.filter(pk=row.pk).update(**{step: F(step) + 1})


def funnel_of(campaign: models.Campaign) -> tuple[Funnel, list[Funnel]]:
    """Return the funnel of all weeks together and that of each, the newest first."""
    return shown([(row.begins, row.opened, row.connected, row.consented) for row in campaign.weeks.all()])


def shown(weeks: Sequence[tuple[date, int, int, int]]) -> tuple[Funnel, list[Funnel]]:
    """Return what may be shown of the weeks, and of their sum. Pure."""
    found = [_veiled(begins, opened, (connected, given)) for begins, opened, connected, given in weeks]
    sums = (sum(week[1] for week in weeks), sum(week[2] for week in weeks), sum(week[3] for week in weeks))
    connected, consented = disclosure.veiled(sums[1:])
    totals = {
        CONNECTED: _apart(connected, [week.connected for week in found]),
        CONSENTED: _apart(consented, [week.consented for week in found]),
    }
    return (
        Funnel(
            begins=None,
            opened=sums[0],
            **{name: total for name, (total, _is_least) in totals.items()},
            least=tuple(name for name, (_total, is_least) in totals.items() if is_least),
        ),
        found,
    )


def _veiled(begins: date, opened: int, counts: Sequence[int]) -> Funnel:
    connected, consented = disclosure.veiled(counts)
    return Funnel(begins=begins, opened=opened, connected=connected, consented=consented)


def _apart(total: int | None, weeks: Sequence[int | None]) -> tuple[int | None, bool]:
    """Return the sum, or at least how much where what the weeks hide would follow and is too few."""
    told = sum(one for one in weeks if one is not None)
    if None not in weeks or (total is not None and disclosure.is_enough(total - told)):
        return total, False
    return told or None, True
