"""Days of a home that were collected, and setting one back."""

from django.utils import timezone

from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection


def collection(visitor):
    return Collection.objects.get(site=visitor.site)


def set_back(visitor, **changes):
    Collection.objects.filter(site=visitor.site).update(**changes)


def collected(visitor, *, now=None, seconds=60.0, owner="me"):
    """Run for the visitor's home, due or not; with no seconds only the newest stretch is read."""
    row = collection(visitor)
    now = now or timezone.now()
    set_back(visitor, due_at=min(row.due_at, now) if row.due_at else None)
    return collect.run(collection_pk=row.pk, now=now, owner=owner, seconds=seconds)
