"""Whether Lunar answers our questions; what is our own fault is nobody's case.

One failed call is nothing: the next comes in seconds. Several in a row while other homes answer are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from gridshare_portal.installer import facts
from gridshare_portal.installer.findings import Cause, Finding, Key, Severity

REFUSED_OPENS = 4  # failures in a row; with their pauses, some minutes
REFUSED_FOR = timedelta(minutes=30)
REFUSED_IS_BAD = timedelta(hours=24)
OURS = {"misconfigured", "busy", "fault"}
HOMEOWNERS = {"ended", "none", "missing_scope"}  # other rules say these better


def refused(home: facts.Home, was: Collection[Key], *, now: datetime) -> Iterator[Finding]:
    """Find that Lunar has refused, or not answered, all questions about the home for a while."""
    told = home.collection
    if told is None or not told.failures or _words(told.error) & (OURS | HOMEOWNERS):
        return
    since_at = told.answered_at or home.known_since_at
    is_open = (Cause.REFUSED.value, "") in was
    if not is_open and (told.failures < REFUSED_OPENS or now - since_at < REFUSED_FOR):
        return
    yield Finding(
        cause=Cause.REFUSED,
        severity=Severity.NOW if now - since_at >= REFUSED_IS_BAD else Severity.SOON,
        since_at=since_at,
        data={"error": told.error},
    )


def _words(error: str) -> set[str]:
    return {word.strip() for word in error.split(",")}
