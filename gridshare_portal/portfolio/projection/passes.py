"""Rebuilds a portfolio's rows and aggregates, in passes of small steps; their only writer.

The ProjectionPass row is the queue. A step takes the homes after the cursor, writes rows that changed and
drops those of homes no longer shared; the last step makes the aggregates. A pass begins a minute after the
last one ended, so figures are at most one pass and a minute old.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.leases import rows as leases
from gridshare_portal.portfolio.models import ProjectionPass, SiteRow
from gridshare_portal.portfolio.projection import aggregates, sources

LEASE = timedelta(seconds=90)  # longer than a task may run
PAUSE = timedelta(minutes=1)
TOGETHER = 1000
STEPS = 5  # some seconds at most, so that other tasks need not wait for a whole pass
WRITTEN = [
    field.attname
    for field in SiteRow._meta.concrete_fields
    if field.name not in ("id", "organization", "site") and not field.generated
]


def enroll(*, now: datetime) -> int:
    """Give every retailer a row in the queue; return how many were new."""
    known = ProjectionPass.objects.filter(organization=OuterRef("pk"))
    new = accounts.Organization.objects.filter(~Exists(known), kind="retailer")
    rows = [ProjectionPass(organization=one, due_at=now) for one in new]
    return len(ProjectionPass.objects.bulk_create(rows, ignore_conflicts=True))


def due(*, now: datetime) -> list[int]:
    """Return the keys of passes that are due and that no worker holds."""
    found = ProjectionPass.objects.filter(leases.free(now=now), due_at__lte=now)
    return list(found.values_list("pk", flat=True))


def run(*, pk: int, now: datetime, owner: str, steps: int = STEPS) -> bool:
    """Take a pass some steps further, unless another worker does; return whether more is to be done."""
    mine = ProjectionPass.objects.filter(leases.free(now=now), pk=pk, due_at__lte=now)
    if not mine.update(**leases.held(owner=owner, now=now, lasting=LEASE)):
        return False
    row = ProjectionPass.objects.get(pk=pk)
    if row.began_at is None:
        row.began_at, row.cursor = now, 0
    if any(_step(row, owner, now) for _ in range(steps)):
        return False
    ProjectionPass.objects.filter(pk=pk, lease_owner=owner).update(**leases.released())
    return True


def whole(*, organization: accounts.Organization, now: datetime, owner: str = "at once") -> None:
    """Rebuild all rows of one organization now: for tests, synthetic homes and benchmarks."""
    row, _new = ProjectionPass.objects.get_or_create(organization=organization, defaults={"due_at": now})
    ProjectionPass.objects.filter(pk=row.pk).update(due_at=now, began_at=None, **leases.released())
    while run(pk=row.pk, now=now, owner=owner):
        pass


def _step(row: ProjectionPass, owner: str, now: datetime) -> bool:
    """Write the next homes' rows; return whether the pass is over, or another worker's."""
    consents = access.Consent.objects.filter(organization=row.organization_id, ended_at=None)
    beyond = consents.filter(site__gt=row.cursor).order_by("site_id")
    pks = list(beyond.values_list("site_id", flat=True).distinct()[:TOGETHER])
    last = pks[-1] if len(pks) == TOGETHER else None
    lines = sources.homes(pks, organization=row.organization_id, now=now) if pks else []
    with transaction.atomic():
        _write(row, lines, last)
        if last is None:
            aggregates.make(organization=row.organization_id, began_at=row.began_at, now=now)
        return _advance(row, owner, last, now)


def _write(row: ProjectionPass, lines: Sequence[SiteRow], last: int | None) -> None:
    """Write the rows that changed between the cursor and `last`, and drop those no longer shared."""
    here = SiteRow.objects.filter(organization=row.organization_id, site__gt=row.cursor)
    if last is not None:
        here = here.filter(site__lte=last)
    known = {one["site_id"]: one for one in here.values("pk", "site_id", *WRITTEN)}
    pairs = [(line, known.pop(line.site_id, None)) for line in lines]
    changed = [line for line, old in pairs if not old or any(getattr(line, n) != old[n] for n in WRITTEN)]
    SiteRow.objects.filter(pk__in=[one["pk"] for one in known.values()]).delete()
    SiteRow.objects.bulk_create(
        changed,
        batch_size=TOGETHER // 4,
        update_conflicts=True,
        unique_fields=["organization", "site"],
        update_fields=WRITTEN,
    )


def _advance(row: ProjectionPass, owner: str, last: int | None, now: datetime) -> bool:
    mine = ProjectionPass.objects.filter(pk=row.pk, lease_owner=owner)
    row.cursor = last or 0
    if last is None:
        mine.update(cursor=0, began_at=None, due_at=now + PAUSE, **leases.released())
        return True
    return not mine.update(cursor=last, began_at=row.began_at)
