"""Readings of a home, fetched from the pretended Lunar as the worker would."""

from datetime import timedelta

from django.utils import timezone

from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection


def fetch(visitor, now, *, days=12, seconds=60.0):
    """Fetch so many days of the visitor's home, whoever else is at it."""
    circuit_breaker.forget()
    row = Collection.objects.filter(site=visitor.site)
    free = {"due_at": now, "lease_owner": "", "lease_until_at": None}
    row.update(goal=(now - timedelta(days=days)).date(), **free)
    collect.run(collection_pk=row.get().pk, now=now, owner="the test", seconds=seconds)


def begin(site, *, seconds=1.0):
    """Fetch the newest readings of a home, as far as one run of the worker brings them."""
    collect.begin(site=site, now=timezone.now())
    pk = Collection.objects.get(site=site).pk
    collect.run(collection_pk=pk, now=timezone.now(), owner="the test", seconds=seconds)
