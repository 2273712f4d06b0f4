"""Examine homes: compare what the rules find with the open cases, and open, update or close.

The Examination row is the queue: it says when a home is due and who examines it now (a lease). Only homes
that somebody shares are examined. A worker that dies leaves a lease that runs out; since an examination
writes everything at its end, in one transaction, nothing is lost and nothing stands half.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from gridshare_portal.access import policy
from gridshare_portal.cases.examining import facts, health, reconciliation, sources
from gridshare_portal.cases.findings import Key
from gridshare_portal.cases.models import Case, Examination, Note
from gridshare_portal.leases import rows as leases

LEASE = CLAIMED = timedelta(seconds=90)  # longer than a task may run
EVERY = timedelta(minutes=10)
REMEMBERED = timedelta(days=8)  # for how long a resolved case speaks for what is found

CHANGED = ("severity", "rank", "data", "since_at", "seen_at", "snoozed_until_at", "closed_at", "closed_how")


def enroll(*, now: datetime, at_most: int = 2000) -> int:
    """Put homes that somebody shares into the queue; say how many were new."""
    examined = Examination.objects.filter(site=OuterRef("site"))
    new = policy.holding(now=now).exclude(Exists(examined)).order_by()
    found = list(new.values_list("site", flat=True).distinct()[:at_most])
    rows = [Examination(site_id=site, due_at=now) for site in found]
    return len(Examination.objects.bulk_create(rows, ignore_conflicts=True))


def claim(*, now: datetime, at_most: int = 500) -> list[int]:
    """Return rows that are due, and put them off a little, so that a lost task costs minutes only."""
    return leases.put_off(Examination.objects.all(), now=now, by=CLAIMED, at_most=at_most)


def run(*, pks: Sequence[int], now: datetime, owner: str) -> int:
    """Examine those of the homes that are due and that nobody else examines; say how many."""
    free = leases.free(now=now)
    due = Examination.objects.filter(free, pk__in=pks, due_at__lte=now + CLAIMED)
    due.update(**leases.held(owner=owner, now=now, lasting=LEASE))
    rows = list(Examination.objects.filter(pk__in=pks, lease_owner=owner).select_related("site"))
    if not rows:
        return 0
    learned = sources.learn(rows, now=now)
    homes = sources.homes(rows, now=now)
    with transaction.atomic():
        mine = Examination.objects.select_for_update().filter(lease_owner=owner, pk__in=pks)
        still = {row.pk for row in mine}
        rows = [row for row in rows if row.pk in still]
        _write(_compared(rows, homes, now))
        _settle(rows, homes, [row for row in learned if row.pk in still], now)
    return len(rows)


@dataclass
class _Book:
    """What is to be written of a batch: cases that are new, cases that changed, and lines of timelines."""

    new: list[Case] = field(default_factory=list)
    changed: list[Case] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def _compared(rows: Sequence[Examination], homes: dict[int, facts.SiteFacts], now: datetime) -> _Book:
    pks = [row.site_id for row in rows]
    opened, resolved = _open(pks), _resolved(pks, now)
    book = _Book()
    for row in rows:
        home = homes[row.site_id]
        shares = _by_organization(home)
        for organization in shares.keys() | opened[row.site_id].keys():
            mine = opened[row.site_id].get(organization, {})
            place = reconciliation.CaseKey(organization_id=organization, site_id=row.site_id)
            if organization not in shares:
                verdict = reconciliation.unshared(mine, now=now)
            else:
                shared = replace(home, shares=tuple(shares[organization]))
                found = health.findings(shared, mine.keys(), now=now)
                before = resolved[row.site_id].get(organization, {})
                verdict = reconciliation.decide(found, mine, before, place=place, now=now)
            _enter(book, verdict)
    return book


def _enter(book: _Book, verdict: reconciliation.Verdict) -> None:
    book.new += verdict.new
    book.changed += verdict.changed
    book.notes += verdict.notes


def _by_organization(home: facts.SiteFacts) -> dict[int, list[facts.Share]]:
    found: dict[int, list[facts.Share]] = defaultdict(list)
    for share in home.shares:
        found[share.organization].append(share)
    return found


def _open(pks: Sequence[int]) -> dict[int, dict[int, dict[Key, Case]]]:
    """Return the open cases by home, organization and subject, locked against people's actions."""
    found: dict[int, dict[int, dict[Key, Case]]] = defaultdict(lambda: defaultdict(dict))
    for case in Case.objects.select_for_update().filter(site__in=pks, closed_at=None):
        found[case.site_id][case.organization_id][case.cause, case.subject] = case
    return found


def _resolved(pks: Sequence[int], now: datetime) -> dict[int, dict[int, dict[Key, Case]]]:
    """Return what people resolved lately, the newest of each."""
    found: dict[int, dict[int, dict[Key, Case]]] = defaultdict(lambda: defaultdict(dict))
    lately = {"closed_how": Case.Closed.RESOLVED, "closed_at__gt": now - REMEMBERED}
    for case in Case.objects.filter(site__in=pks, **lately).order_by("closed_at"):
        found[case.site_id][case.organization_id][case.cause, case.subject] = case
    return found


def _write(book: _Book) -> None:
    Case.objects.bulk_create(book.new)
    Case.objects.bulk_update(book.changed, CHANGED)
    Note.objects.bulk_create(book.notes)


def _settle(
    rows: Sequence[Examination],
    homes: dict[int, facts.SiteFacts],
    learned: Sequence[Examination],
    now: datetime,
) -> None:
    """Give the leases back; a home that nobody shares any more leaves the queue, and so what it taught."""
    gone = [row.pk for row in rows if not homes[row.site_id].shares]
    Examination.objects.filter(pk__in=gone).delete()
    Examination.objects.bulk_update([row for row in learned if row.pk not in gone], ["learned", "learned_at"])
    done = {**leases.released(), "examined_at": now}
    rest = Examination.objects.filter(pk__in=[row.pk for row in rows if row.pk not in gone])
    rest.update(**done, due_at=now + EVERY * random.uniform(0.9, 1.0))
