"""Findings of a home from its facts at a moment. Pure.

cases.rules holds the rules; this module knows which of them still make sense. A home that nobody may read is
silent for that reason, and where Lunar refuses every call, nobody can tell who is silent.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Key, Severity
from gridshare_portal.cases.rules import access, changes, responses, silence, sums

HIDDEN = frozenset(  # cannot be judged while the home cannot be read
    {Cause.REFUSED, Cause.SITE_SILENT, Cause.LATE, Cause.SENSOR_SILENT, Cause.SOLAR_IDLE}
)


def findings(home: facts.SiteFacts, was: Collection[Key], *, now: datetime) -> list[Finding]:
    """Return what is wrong with the home, the worst first.

    `was` are the keys of the last examination's findings: thresholds to close are lower than to open.
    """
    found = [*access.connection(home), *access.sharing(home, now=now), *access.permissions(home, now=now)]
    found += [*changes.changes(home, now=now), *sums.balance(home, was)]
    if not hidden_by(found):
        refused = [*responses.refused(home, was, now=now)]
        found += refused or [*silence.home_or_sensors(home, was, now=now)]
    return sorted(found, key=lambda one: (one.severity, one.since_at, one.key))


def hidden_by(found: Collection[Finding]) -> frozenset[Cause]:
    """Return the causes of which nobody can tell, because of these findings, whether they are gone."""
    causes = {(one.cause, one.severity) for one in found}
    if causes & {(Cause.CONNECTION_ENDED, Severity.NOW), (Cause.SCOPE_MISSING, Severity.NOW)}:
        return HIDDEN
    return HIDDEN - {Cause.REFUSED} if any(one.cause == Cause.REFUSED for one in found) else frozenset()
