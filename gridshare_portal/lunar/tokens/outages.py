"""Notice that Lunar refuses the portal itself, and stop asking for a while.

An app client that was deleted or misconfigured looks, at the token endpoint, much like
every homeowner leaving at once. While an outage stands one refresh in half a minute tries
again; the first that works ends it. It is a row, so that every process sees it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from gridshare_portal.audit import names, record
from gridshare_portal.lunar import models

log = logging.getLogger(__name__)

PROBE_EVERY = timedelta(seconds=30)
CLIENT, GRANTS = "client", "grants"
WITHIN = timedelta(minutes=5)
AT_LEAST, MORE_THAN = 5, 0.05
SUSPECTED_FOR = timedelta(hours=1)


def admits(*, now: datetime) -> bool:
    """Return whether a call to the token endpoint may be made; in an outage, one probe at a time may."""
    kept = list(models.Outage.objects.values_list("pk", "probe_at"))
    return all(_takes_the_probe(pk, probe_at, now) for pk, probe_at in kept)


def _takes_the_probe(pk: int, probe_at: datetime, now: datetime) -> bool:
    if probe_at > now:
        return False
    mine = models.Outage.objects.filter(pk=pk, probe_at=probe_at)
    return mine.update(probe_at=now + PROBE_EVERY) == 1


@transaction.atomic
def begin(*, name: str, reason: str, now: datetime) -> None:
    """Stop asking Lunar for tokens, and tell the operator the first time."""
    probe_at = now + PROBE_EVERY
    fields = {"reason": reason[:40], "since_at": now, "probe_at": probe_at}
    outage, is_new = models.Outage.objects.get_or_create(name=name, defaults=fields)
    if not is_new:
        models.Outage.objects.filter(pk=outage.pk).update(probe_at=probe_at, reason=reason[:40])
        return
    log.error("Lunar refuses the portal (%s: %s); no connection was ended", name, reason)
    record.add(name=names.Name.REFRESH_PAUSED, at=now, details={"outage": name, "reason": reason[:40]})


def end() -> None:
    """Ask Lunar again as usual: a token was just handed over."""
    if models.Outage.objects.exists():
        models.Outage.objects.all().delete()
        log.warning("Lunar hands out tokens again")


def too_many_ended(*, now: datetime) -> bool:
    """Return whether so many grants ended just now that the fault is probably the portal's own.

    Not if Lunar handed out a token in between, for then it knows the portal. And for an hour at most: grants
    that still end then have ended. Each probe ends one of them, so people are asked back a few at a time.
    """
    suspected = models.Outage.objects.filter(name=GRANTS).first()
    if suspected is not None:
        return now - suspected.since_at < SUSPECTED_FOR
    status, every = models.Connection.Status, models.Connection.objects
    recent = every.filter(status=status.RECONNECT, status_since_at__gt=now - WITHIN)
    ended_at = list(recent.order_by("-status_since_at").values_list("status_since_at", flat=True))
    if len(ended_at) < AT_LEAST or every.filter(refreshed_at__gt=ended_at[AT_LEAST - 1]).exists():
        return False
    active = every.filter(status=status.ACTIVE).count()
    return len(ended_at) + 1 > MORE_THAN * (active + len(ended_at))
