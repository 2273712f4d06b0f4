"""Queries on the audit log, newest event first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from gridshare_portal.audit import models, names


def concerning_site(
    audit_id: str, *, shared: Iterable[tuple[int, datetime, datetime | None]]
) -> QuerySet[models.Event]:
    """Return the events of one home, and the downloads of tables that it may have been in.

    `shared` lists the organizations it was shared with, each with begin and end (None while it lasts). A
    table of homes has one event, however many homes it holds.
    """
    found = Q(site_id=audit_id)
    for organization, begun, ended in shared:
        tables = Q(name=names.Name.HOMES_EXPORTED, organization_id=organization, at__gte=begun)
        found |= tables & Q(at__lt=ended) if ended else tables
    return models.Event.objects.filter(found)


def events_of_site(audit_id: str) -> QuerySet[models.Event]:
    return models.Event.objects.filter(site_id=audit_id)


def events_of_organization(pk: int) -> QuerySet[models.Event]:
    """Return what was done on behalf of one organization, or to it."""
    return models.Event.objects.filter(organization_id=pk)
