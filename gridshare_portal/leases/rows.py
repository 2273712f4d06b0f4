"""Claim rows under a lease, so that each is one worker's at a time: the database row is the queue.

Such a row has the columns `lease_owner` and `lease_until_at`. The lease of a worker that died runs out; every
write filters by its own `lease_owner`, so that a late worker writes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict, TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


class Lease(TypedDict):
    lease_owner: str
    lease_until_at: datetime | None


def free(*, now: datetime) -> Q:
    """Return the condition that no lease is held on a row, or that it ran out."""
    return Q(lease_until_at=None) | Q(lease_until_at__lt=now)


def held(*, owner: str, now: datetime, lasting: timedelta) -> Lease:
    """Return the columns that take or prolong a lease."""
    return {"lease_owner": owner, "lease_until_at": now + lasting}


def released() -> Lease:
    """Return the columns that give a lease back."""
    return {"lease_owner": "", "lease_until_at": None}


def put_off(rows: QuerySet[Row], *, now: datetime, by: timedelta, at_most: int, **also: object) -> list[int]:
    """Return the keys of due and free rows, the longest due first, and make them due again after `by`.

    So two sweeps hand out nothing twice, and the work of a lost task comes up again. `also` is written to the
    same rows.
    """
    with transaction.atomic():
        due = rows.filter(free(now=now), due_at__lte=now).select_for_update(skip_locked=True, of=("self",))
        found: list[int] = list(due.order_by("due_at").values_list("pk", flat=True)[:at_most])
        rows.model._base_manager.filter(pk__in=found).update(due_at=now + by, **also)
    return found
