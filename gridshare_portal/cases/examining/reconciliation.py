"""Compares findings with open cases: what opens, what changes, and what closes by itself. Pure.

cases.examination writes the rows. What a person resolved stays closed for a day although it is still found,
because repairs take time; then it opens again and says so. What happened once, such as a contradicted change,
stays resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gridshare_portal.cases.examining import health
from gridshare_portal.cases.findings import ONCE, Finding, Key
from gridshare_portal.cases.models import Case, Note, rank_of

STAYS_RESOLVED = timedelta(hours=24)

Closed, Action = Case.Closed, Note.Action


@dataclass
class Verdict:
    """The rows to write of one home for one organization."""

    new: list[Case] = field(default_factory=list)
    changed: list[Case] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def decide(
    found: Sequence[Finding],
    opened: Mapping[Key, Case],
    resolved: Mapping[Key, Case],
    *,
    organization_id: int,
    site_id: int,
    now: datetime,
) -> Verdict:
    """Return what becomes of the open cases, given the findings and what people resolved lately."""
    verdict = Verdict()
    for finding in found:
        case = opened.get(finding.key)
        before = resolved.get(finding.key)
        if case is not None:
            _update(verdict, case, finding, now)
        elif before is None or not _is_held_back(finding, before, now):
            _open(verdict, finding, before, organization_id, site_id, now)
    hidden = health.hidden_by(found)
    for key in opened.keys() - {finding.key for finding in found}:
        how = Closed.HIDDEN if opened[key].cause in hidden else Closed.GONE
        _close(verdict, opened[key], how, now)
    return verdict


def unshared(opened: Mapping[Key, Case], *, now: datetime) -> Verdict:
    """Close every case of a home that is no longer shared."""
    verdict = Verdict()
    for case in opened.values():
        _close(verdict, case, Closed.UNSHARED, now)
    return verdict


def _is_held_back(finding: Finding, before: Case, now: datetime) -> bool:
    """Return whether a resolved case still covers this finding."""
    if finding.cause in ONCE:
        return finding.since_at <= before.since_at
    closed_at = _closed_at(before)
    return finding.since_at <= closed_at and now - closed_at < STAYS_RESOLVED


def _closed_at(resolved: Case) -> datetime:
    assert resolved.closed_at is not None  # resolving closes a case for good
    return resolved.closed_at


def _open(
    verdict: Verdict, finding: Finding, before: Case | None, organization_id: int, site_id: int, now: datetime
) -> None:
    earlier = before if before is not None and finding.since_at <= _closed_at(before) else None
    case = Case(
        organization_id=organization_id,
        site_id=site_id,
        cause=finding.cause,
        subject=finding.subject,
        severity=finding.severity,
        rank=rank_of(finding.severity, finding.since_at),
        data=dict(finding.data),
        since_at=finding.since_at,
        opened_at=now,
        seen_at=now,
        again=earlier is not None,
        assigned_to_id=earlier.assigned_to_id if earlier else None,
    )
    verdict.new.append(case)
    verdict.notes.append(Note(case=case, action=Action.REOPENED if earlier else Action.OPENED, at=now))


def _update(verdict: Verdict, case: Case, finding: Finding, now: datetime) -> None:
    """Take over the finding; a snoozed case wakes when it gets worse."""
    if finding.severity != case.severity:
        action = Action.WORSE if finding.severity < case.severity else Action.BETTER
        verdict.notes.append(Note(case=case, action=action, words=finding.severity.label, at=now))
        if action == Action.WORSE and case.sleeps(now=now):
            case.snoozed_until_at = None
    case.severity, case.data, case.seen_at = finding.severity, dict(finding.data), now
    case.since_at = min(case.since_at, finding.since_at)
    case.rank = rank_of(case.severity, case.since_at)
    verdict.changed.append(case)


def _close(verdict: Verdict, case: Case, how: str, now: datetime) -> None:
    case.closed_at, case.closed_how = now, how
    verdict.changed.append(case)
    verdict.notes.append(Note(case=case, action=Action(how), at=now))
