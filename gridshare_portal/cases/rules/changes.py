"""What became of changes: a device that did otherwise, and a change that nobody could confirm.

Only the newest change of a kind counts for a device; a later one that is confirmed makes the old one history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Key, Severity

UNCONFIRMED_OPENS = timedelta(hours=1)
FORGOTTEN = timedelta(days=7)


def changes(home: facts.SiteFacts, _was: Collection[Key], *, now: datetime) -> Iterator[Finding]:
    """Find changes that the device contradicts, or that are unconfirmed for long."""
    for change in home.changes:
        age = now - change.made_at
        if age >= FORGOTTEN:
            continue
        if change.outcome == "contradicted":
            yield _finding(Cause.CHANGE_CONTRADICTED, change)
        elif change.outcome == "unconfirmed" and age >= UNCONFIRMED_OPENS:
            yield _finding(Cause.CHANGE_UNCONFIRMED, change)


def subject(change: facts.Change) -> str:
    """Return what the finding is about: one kind of change at one device."""
    return f"{change.kind}:{change.device}"[:128]


def _finding(cause: Cause, change: facts.Change) -> Finding:
    return Finding(
        cause=cause,
        severity=Severity.SOON,
        since_at=change.made_at,
        subject=subject(change),
        data={"kind": change.kind},
    )
