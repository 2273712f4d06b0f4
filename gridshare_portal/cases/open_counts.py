"""Count the open cases of every organization by severity, for pages that show no more than the numbers.

They are counted once a minute and kept, so that a page costs the same at ten homes and at a hundred thousand.
Whoever may open the work list may read them: each case stands there, home by home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases.findings import Severity
from gridshare_portal.cases.models import Case, OpenCases


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many cases are open of each severity, the worst first, and when that was counted."""

    levels: Sequence[tuple[Severity, int]]
    made_at: datetime


def count(*, now: datetime) -> None:
    """Count what the work list of each organization shows as open, in one query for all of them."""
    shared = policy.holding(now=now).filter(organization=OuterRef("organization"), site=OuterRef("site"))
    awake = Q(snoozed_until_at=None) | Q(snoozed_until_at__lte=now)
    found = Case.objects.filter(awake, Exists(shared.order_by()), closed_at=None).order_by()
    numbers = found.values_list("organization", "severity").annotate(number=Count("pk"))
    counts = {(organization, severity): number for organization, severity, number in numbers}
    rows = [
        OpenCases(
            organization_id=pk,
            made_at=now,
            **{level.name.lower(): counts.get((pk, level.value), 0) for level in Severity},
        )
        for pk in accounts.Organization.objects.values_list("pk", flat=True)
    ]
    fields = [level.name.lower() for level in Severity]
    OpenCases.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["organization"], update_fields=["made_at", *fields]
    )


def last_counts(organization: accounts.Organization) -> Counted | None:
    """Return what was counted last; None before the first count."""
    row = OpenCases.objects.filter(organization=organization).first()
    if row is None:
        return None
    return Counted(
        levels=[(level, getattr(row, level.name.lower())) for level in Severity], made_at=row.made_at
    )
