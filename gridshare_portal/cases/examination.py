"""Examines homes: compares findings with open cases, and opens, updates or closes cases.

The Examination row is the queue, with a lease. Only homes with a consent that holds are examined. An
examination writes everything in one transaction at its end, so a worker that dies leaves nothing half done.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
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
REMEMBERED = timedelta(days=8)  # for how long a resolved case is compared with findings

CasesByHome = dict[int, dict[int, dict[Key, Case]]]  # by home, organization, cause and subject
CHANGED = ("severity", "rank", "data", "since_at", "seen_at", "snoozed_until_at", "closed_at", "closed_how")


def enroll(*, now: datetime, at_most: int = 2000) -> int:
    """Queue homes that have a consent that holds; return how many were new."""
    examined = Examination.objects.filter(site=OuterRef("site"))
    new = policy.holding(now=now).exclude(Exists(examined)).order_by()
    found = list(new.values_list("site", flat=True).distinct()[:at_most])
    rows = [Examination(site_id=site, due_at=now) for site in found]
    return len(Examination.objects.bulk_create(rows, ignore_conflicts=True))


def claim(*, now: datetime, at_most: int = 500) -> list[int]:
    """Return due rows and put them off a little, so that a lost task costs minutes only."""
    return leases.put_off(Examination.objects.all(), now=now, by=CLAIMED, at_most=at_most)


def run(*, pks: Sequence[int], now: datetime, owner: str) -> int:
    """Examine those of the homes that are due and that no other worker examines; return how many."""
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
        results = _compared(rows, homes, now)
        Case.objects.bulk_create([case for verdict in results for case in verdict.new])
        Case.objects.bulk_update([case for verdict in results for case in verdict.changed], CHANGED)
        Note.objects.bulk_create([note for verdict in results for note in verdict.notes])
        _settle(rows, homes, [row for row in learned if row.pk in still], now)
    return len(rows)


def _compared(
    rows: Sequence[Examination], homes: dict[int, facts.SiteFacts], now: datetime
) -> list[reconciliation.Verdict]:
    pks = [row.site_id for row in rows]
    opened = _by_home(Case.objects.select_for_update().filter(site__in=pks, closed_at=None))
    lately = {"closed_how": Case.Closed.RESOLVED, "closed_at__gt": now - REMEMBERED}
    resolved = _by_home(Case.objects.filter(site__in=pks, **lately).order_by("closed_at"))
    results = []
    for row in rows:
        home = homes[row.site_id]
        shares: dict[int, list[facts.Share]] = defaultdict(list)
        for share in home.shares:
            shares[share.organization].append(share)
        for organization in shares.keys() | opened[row.site_id].keys():
            mine = opened[row.site_id].get(organization, {})
            if organization not in shares:
                results.append(reconciliation.unshared(mine, now=now))
            else:
                shared = replace(home, shares=tuple(shares[organization]))
                found = health.findings(shared, mine.keys(), now=now)
                before = resolved[row.site_id].get(organization, {})
                place = {"organization_id": organization, "site_id": row.site_id}
                results.append(reconciliation.decide(found, mine, before, **place, now=now))
    return results


def _by_home(cases: Iterable[Case]) -> CasesByHome:
    found: CasesByHome = defaultdict(lambda: defaultdict(dict))
    for case in cases:
        found[case.site_id][case.organization_id][case.cause, case.subject] = case
    return found


def _settle(
    rows: Sequence[Examination],
    homes: dict[int, facts.SiteFacts],
    learned: Sequence[Examination],
    now: datetime,
) -> None:
    """Release the leases; a home without a consent leaves the queue, with what was learned of it."""
    gone = [row.pk for row in rows if not homes[row.site_id].shares]
    Examination.objects.filter(pk__in=gone).delete()
    Examination.objects.bulk_update([row for row in learned if row.pk not in gone], ["learned", "learned_at"])
    done = {**leases.released(), "examined_at": now}
    rest = Examination.objects.filter(pk__in=[row.pk for row in rows if row.pk not in gone])
    rest.update(**done, due_at=now + EVERY * random.uniform(0.9, 1.0))
