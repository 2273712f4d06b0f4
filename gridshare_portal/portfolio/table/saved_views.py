"""Saved ways of looking at the homes table: one's own, and those that everybody there shares."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import QueryDict

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import SavedView
from gridshare_portal.portfolio.table import query as asking

MOST = 50


class TooMany(Exception):
    """There are as many views as one person, or everybody together, can have, or this one says too much."""


def views_for(user: accounts.User, organization: accounts.Organization) -> QuerySet[SavedView]:
    """Return the views that this person may use: own ones and shared ones."""
    return SavedView.objects.filter(Q(owner=None) | Q(owner=user), organization=organization)


def keep(
    *, organization: accounts.Organization, user: accounts.User, name: str, query: str, is_shared: bool
) -> SavedView:
    """Keep a view under a name, in place of one of the same name; only what an address can say is kept."""
    owner = None if is_shared else user
    others = SavedView.objects.filter(organization=organization, owner=owner).exclude(name=name)
    if others.count() >= MOST:
        raise TooMany(f"There are {MOST} such views, which is all there can be. Delete one first.")
    said = asking.read(QueryDict(query)).address
    if len(said) > asking.LONGEST:
        raise TooMany("This view says more than can be kept. Search for fewer letters.")
    return SavedView.objects.update_or_create(
        organization=organization, owner=owner, name=name, defaults={"query": said}
    )[0]


def delete(*, view: SavedView) -> None:
    """Forget a view."""
    view.delete()
