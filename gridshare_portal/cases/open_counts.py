"""Counts every organization's open cases by severity, for pages that show only the numbers.

Counted once a minute and stored, so that a page costs the same at ten homes and at a hundred thousand.
Whoever may open the work list may read them.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases.findings import Severity
from gridshare_portal.cases.models import Case, OpenCases


def count(*, now: datetime) -> None:
    """Count the open, awake cases at shared homes, in one query for all organizations."""
    shared = policy.holding(now=now).filter(organization=OuterRef("organization"), site=OuterRef("site"))
    awake = Q(snoozed_until_at=None) | Q(snoozed_until_at__lte=now)
    found = Case.objects.filter(awake, Exists(shared.order_by()), closed_at=None).order_by()
    numbers = found.values_list("organization", "severity").annotate(number=Count("pk"))
    counts = {(organization, severity): number for organization, severity, number in numbers}
    fields = {level.name.lower(): level.value for level in Severity}
    rows = [
        OpenCases(
            organization_id=pk,
            made_at=now,
            **{name: counts.get((pk, severity), 0) for name, severity in fields.items()},
        )
        for pk in accounts.Organization.objects.values_list("pk", flat=True)
    ]
    OpenCases.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["organization"], update_fields=["made_at", *fields]
    )


def last_counts(organization: accounts.Organization) -> OpenCases | None:
    """Return the last count; None before the first."""
    return OpenCases.objects.filter(organization=organization).first()
