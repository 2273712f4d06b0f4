"""Claim rows under a lease, so that each is one worker's at a time: the database row is the queue.

Such a row has the columns `lease_owner` and `lease_until_at`. A worker that dies leaves a lease that runs
out; whoever writes filters by its own `lease_owner`, so that a late worker writes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict, TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


class Lease(TypedDict):
    """The two columns of a lease, as an update writes them."""

    lease_owner: str
    lease_until_at: datetime | None


def free(*, now: datetime) -> Q:
    """Return the condition that nobody holds a row, or held it for too long."""
    return Q(lease_until_at=None) | Q(lease_until_at__lt=now)


def held(*, owner: str, now: datetime, lasting: timedelta) -> Lease:
    """Return what an update writes to take a row or to keep it for so long."""
    return {"lease_owner": owner, "lease_until_at": now + lasting}


def released() -> Lease:
    """Return what an update writes to give a row back."""
    return {"lease_owner": "", "lease_until_at": None}


def put_off(rows: QuerySet[Row], *, now: datetime, by: timedelta, at_most: int, **also: object) -> list[int]:
    """Return the keys of rows that are due and free, the longest due first, and put them off a little.

    So two sweeps hand nothing out twice, and what a lost task was to do is due again after `by`. What else is
    named is written with it.
    """
    with transaction.atomic():
        due = rows.filter(free(now=now), due_at__lte=now).order_by("due_at")
        locked = due.select_for_update(skip_locked=True, of=("self",))
        found: list[int] = list(locked.values_list("pk", flat=True)[:at_most])
        rows.model._base_manager.filter(pk__in=found).update(due_at=now + by, **also)
    return found
