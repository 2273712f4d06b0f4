"""Rule on Lunar's answers; what is our own fault makes no case.

A single failed call is nothing; several refusals in a row are. What may pass, such as an outage, must last
for hours: it affects all homes at once and usually ends by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Key, Severity

REFUSED_OPENS = 4  # failures in a row; with their pauses, some minutes
REFUSED_FOR = timedelta(minutes=30)
PASSING_FOR = timedelta(hours=6)
REFUSED_IS_BAD = timedelta(hours=24)
OURS = {"misconfigured", "busy", "fault", "wrong_route", "bad_id"}
PASSING = {"transient", "timeout", "connection_lost", "unavailable", "server_error", "too_many_requests"}
HOMEOWNERS = {"ended", "none", "missing_scope"}  # found by other rules


def refused(home: facts.SiteFacts, was: Collection[Key], *, now: datetime) -> Iterator[Finding]:
    """Find that Lunar has refused, or not answered, all calls about the home for a while."""
    collection = home.collection
    words = {word.strip() for word in collection.error.split(",")} if collection else set()
    if collection is None or not collection.failures or words & (OURS | HOMEOWNERS):
        return
    lasts = PASSING_FOR if words <= PASSING else REFUSED_FOR
    since_at = collection.answered_at or home.known_since_at
    is_open = (Cause.REFUSED.value, "") in was
    if not is_open and (collection.failures < REFUSED_OPENS or now - since_at < lasts):
        return
    yield Finding(
        cause=Cause.REFUSED,
        severity=Severity.NOW if now - since_at >= REFUSED_IS_BAD else Severity.SOON,
        since_at=since_at,
        data={"error": collection.error},
    )
