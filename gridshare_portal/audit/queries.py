"""What may be asked of the record, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from gridshare_portal.audit import models, names


def concerning_site(
    synth_id: str, *, shared: Iterable[tuple[int, datetime, datetime | None]]
) -> QuerySet[models.Event]:
    """Return what was done for one home, and the tables of homes that it may have stood in.

    `shared` says with which organizations it was shared, from and until. One event tells of a whole table,
    however many homes it has.
    """
    found = Q(site_id=synth_id)
    for organization, begun, ended in shared:
        tables = Q(name=names.Name.HOMES_EXPORTED, organization_id=organization, at__gte=begun)
        found |= tables & Q(at__lt=ended) if ended else tables
    return models.Event.objects.filter(found)


def events_of_site(synth_id: str) -> QuerySet[models.Event]:
    """Return what was done for one home."""
    return models.Event.objects.filter(site_id=synth_id)


def events_of_organization(pk: int) -> QuerySet[models.Event]:
    """Return what was done on behalf of one organization, or to it."""
    return models.Event.objects.filter(organization_id=pk)
