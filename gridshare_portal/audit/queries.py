"""What may be asked of the record, newest first."""

from __future__ import annotations

from django.db.models import QuerySet

from gridshare_portal.audit import models


def events_of_site(synth_id: str) -> QuerySet[models.Event]:
    """Return what was done for one home."""
    return models.Event.objects.filter(site_id=synth_id)


def events_of_user(pk: int) -> QuerySet[models.Event]:
    """Return what concerned one person, whoever did it."""
    return models.Event.objects.filter(subject_id=pk)


def events_of_organization(pk: int) -> QuerySet[models.Event]:
    """Return what was done on behalf of one organization, or to it."""
    return models.Event.objects.filter(organization_id=pk)
