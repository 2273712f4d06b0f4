"""Rules on access: the connection, its scopes, and how long the sharing lasts.

Sharing is said to end in its last quarter, and at most a week before. An hour's consent always ends soon, and
that is no news.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Severity
from gridshare_portal.lunar import scopes

ENDING_WITHIN = timedelta(days=7)
ENDING_SHARE = 4  # the last quarter
ENDING_AT_ONCE = timedelta(days=1)
LONG_SHARING = timedelta(days=7)  # the last day of a shorter sharing is not urgent

SHARED_FOR_CONTROL = (scopes.DEVICE_WRITE, scopes.PLAN_WRITE)


def connection(home: facts.SiteFacts) -> Iterator[Finding]:
    """Find that no connection can read the home any more."""
    if home.connections and not home.active:
        since_at = max(one.since_at for one in home.connections)
        yield Finding(cause=Cause.CONNECTION_ENDED, severity=Severity.NOW, since_at=since_at)


def permissions(home: facts.SiteFacts, *, now: datetime) -> Iterator[Finding]:
    """Find missing scopes: to read and, where control is shared, to write."""
    reading = frozenset().union(*(one.scopes for one in home.active))
    since_at = max((one.since_at for one in home.active), default=now)
    for scope in (scopes.DEVICE_READ, scopes.PLAN_READ) if home.active else ():
        if scope not in reading:
            level = Severity.NOW if scope == scopes.DEVICE_READ else Severity.WATCH
            yield Finding(cause=Cause.SCOPE_MISSING, severity=level, since_at=since_at, subject=scope)
    yield from _permissions_to_change(home)


def sharing(home: facts.SiteFacts, *, now: datetime) -> Iterator[Finding]:
    """Find that the sharing with the organization ends soon; the consent that lasts longest counts."""
    ends = [(share.until_at, share.from_at) for share in home.shares if share.until_at is not None]
    if not ends or len(ends) < len(home.shares):
        return
    until_at, from_at = max(ends, key=lambda end: end[0])
    lasts = until_at - from_at
    since_at = until_at - min(ENDING_WITHIN, lasts / ENDING_SHARE)
    if now < since_at:
        return
    hurry = until_at - now <= ENDING_AT_ONCE and lasts >= LONG_SHARING
    yield Finding(
        cause=Cause.SHARING_ENDS,
        severity=Severity.SOON if hurry else Severity.WATCH,
        since_at=since_at,
        data={"until_at": until_at.isoformat()},
    )


def _permissions_to_change(home: facts.SiteFacts) -> Iterator[Finding]:
    """Check only the connections of those who share control: changes go through these."""
    givers = {share.given_by for share in home.shares if share.controls}
    through = [one for one in home.active if one.user in givers]
    allowed = frozenset().union(*(one.scopes for one in through))
    for scope in SHARED_FOR_CONTROL if through else ():
        if scope not in allowed:
            since_at = max(one.since_at for one in through)
            yield Finding(
                cause=Cause.SCOPE_MISSING, severity=Severity.WATCH, since_at=since_at, subject=scope
            )
