"""Rules on changes: contradicted by the device, or unconfirmed for long.

Only the newest change of a kind counts for a device.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Severity

UNCONFIRMED_OPENS = timedelta(hours=1)
FORGOTTEN = timedelta(days=7)


def changes(home: facts.SiteFacts, *, now: datetime) -> Iterator[Finding]:
    for change in home.changes:
        age = now - change.made_at
        if age >= FORGOTTEN:
            continue
        if change.outcome == "contradicted":
            yield _finding(Cause.CHANGE_CONTRADICTED, change)
        elif change.outcome == "unconfirmed" and age >= UNCONFIRMED_OPENS:
            yield _finding(Cause.CHANGE_UNCONFIRMED, change)


def _finding(cause: Cause, change: facts.Change) -> Finding:
    return Finding(
        cause=cause,
        severity=Severity.SOON,
        since_at=change.made_at,
        subject=f"{change.kind}:{change.device}"[:300],
        data={"kind": change.kind},
    )
