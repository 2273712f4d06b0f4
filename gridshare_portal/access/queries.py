"""What homeowners shared, and the organizations they can share with."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from gridshare_portal.access import models, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites

SHORTEST_NAME = 2


def shared_with(site: sites.Site) -> list[tuple[int, datetime, datetime | None]]:
    """Return [(organization id, from, until)] of every period a home was shared; touching ones merged."""
    given = models.Consent.objects.filter(site=site).order_by("organization_id", "from_at", "pk")
    found: list[tuple[int, datetime, datetime | None]] = []
    rows = given.values_list("organization_id", "from_at", "until_at", "ended_at")
    for pk, begun, until_at, ended_at in rows:
        ended = min((at for at in (until_at, ended_at) if at), default=None)
        before = found[-1] if found and found[-1][0] == pk else None
        if before and (before[2] is None or begun <= before[2]):
            ended = max(before[2], ended) if before[2] and ended else None
            found[-1] = (pk, before[1], ended)
        else:
            found.append((pk, begun, ended))
    return found


def consents_for(user: accounts.User, *, now: datetime) -> QuerySet[models.Consent]:
    """Return the consents for a homeowner's homes, newest first, annotated with `holds`.

    These are the ones the homeowner gave and those of other current residents, not of former ones.
    """
    known = Q(given_by=user.pk) | Q(Exists(policy.giver_connections()))
    given = models.Consent.objects.filter(known, site__in=policy.own_sites(user))
    holds = Exists(policy.holding(now=now).filter(pk=OuterRef("pk")).order_by())
    given = given.annotate(**{"holds": holds})  # by ** because the model declares the annotation's type
    return given.select_related("site", "organization", "given_by", "ended_by")


def organizations_named(name: str) -> QuerySet[accounts.Organization]:
    """Return the listed organizations whose name contains this, those that start with it first."""
    listed = accounts.Organization.objects.filter(is_listed=True)
    if len(name) < SHORTEST_NAME:
        return listed.none()
    begins = Q(name__istartswith=name)
    return listed.filter(name__icontains=name).annotate(begins=begins).order_by("-begins", "name", "pk")
