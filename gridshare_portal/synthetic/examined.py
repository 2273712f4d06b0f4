"""Have all shared homes examined at once, as the workers do one by one, so that a work list is whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from gridshare_portal.cases import examination
from gridshare_portal.cases.models import Examination

TOGETHER = 500


def make(*, now: datetime) -> Iterator[int]:
    """Examine the homes that never were, and yield how many were so far.

    What only whole days can tell is left to the workers, who learn it in their own time.
    """
    while examination.enroll(now=now):
        pass
    new, count = Examination.objects.filter(examined_at=None), 0
    new.filter(learned_at=None).update(learned_at=now)
    while pks := list(new.order_by("pk").values_list("pk", flat=True)[:TOGETHER]):
        done = examination.run(pks=pks, now=now, owner=uuid.uuid4().hex)
        if not done:
            return  # workers are at them
        count += done
        yield count
