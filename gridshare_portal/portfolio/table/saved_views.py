"""Saved views of the homes table: a member's own, and those that the organization shares."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import QueryDict

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import SavedView
from gridshare_portal.portfolio.table import query as list_query

MOST = 50


class TooMany(Exception):
    """MOST views are saved already, or this one is too long."""


def views_for(user: accounts.User, organization: accounts.Organization) -> QuerySet[SavedView]:
    """Return the views that this person may use: own and shared ones."""
    return SavedView.objects.filter(Q(owner=None) | Q(owner=user), organization=organization)


def keep(
    *, organization: accounts.Organization, user: accounts.User, name: str, query: str, is_shared: bool
) -> SavedView:
    """Save a view under a name, replacing one of the same name; only what ListQuery understands is kept."""
    owner = None if is_shared else user
    others = SavedView.objects.filter(organization=organization, owner=owner).exclude(name=name)
    if others.count() >= MOST:
        raise TooMany(f"There are {MOST} such views, which is all there can be. Delete one first.")
    address = list_query.read(QueryDict(query)).address
    if len(address) > list_query.LONGEST:
        raise TooMany("This view says more than can be kept. Search for fewer letters.")
    return SavedView.objects.update_or_create(
        organization=organization, owner=owner, name=name, defaults={"query": address}
    )[0]
