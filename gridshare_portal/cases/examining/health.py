"""Say which homes need help, and why: plain facts of a home at a moment in, findings out.

Pure. The rules stand in rules/; this module knows which of them still make sense. Where nobody may read a
home, its silence is no news, and where Lunar refuses every question, nobody can say who is silent.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Key, Severity
from gridshare_portal.cases.rules import access, changes, responses, silence, sums

HIDDEN = frozenset(  # what nobody can tell while the home cannot be read
    {Cause.REFUSED, Cause.SITE_SILENT, Cause.LATE, Cause.SENSOR_SILENT, Cause.SOLAR_IDLE}
)


def findings(home: facts.SiteFacts, was: Collection[Key], *, now: datetime) -> list[Finding]:
    """Return what is wrong with the home, the worst first.

    `was` are the keys of what was wrong at the last examination: what is open closes later than it opened.
    """
    found = [*access.connection(home, was, now=now), *access.sharing(home, was, now=now)]
    found += [*access.permissions(home, was, now=now), *changes.changes(home, was, now=now)]
    found += [*sums.balance(home, was, now=now)]
    if not hidden_by(found):
        refused = [*responses.refused(home, was, now=now)]
        found += refused or [*silence.home_or_sensors(home, was, now=now)]
    return sorted(found, key=lambda one: (one.severity, one.since_at, one.key))


def hidden_by(found: Collection[Finding]) -> frozenset[Cause]:
    """Return the causes of which nobody can tell whether they are gone, because of what was found."""
    if any(_closes_the_way(one) for one in found):
        return HIDDEN
    return HIDDEN - {Cause.REFUSED} if any(one.cause == Cause.REFUSED for one in found) else frozenset()


def _closes_the_way(finding: Finding) -> bool:
    ended = finding.cause == Cause.CONNECTION_ENDED
    return ended or (finding.cause == Cause.SCOPE_MISSING and finding.severity == Severity.NOW)
