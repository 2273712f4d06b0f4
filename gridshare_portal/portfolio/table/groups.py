"""Add homes to groups and remove them; the only writer of groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import Group, GroupSite

MOST = 100
TOGETHER = 1000


class TooMany(Exception):
    """The organization has MOST groups already."""


def add(*, organization: accounts.Organization, name: str, homes: Iterable[int]) -> tuple[Group, int]:
    """Add homes to the group of this name, made if new; return it and how many keys were given."""
    with transaction.atomic():
        accounts.Organization.objects.select_for_update().get(pk=organization.pk)
        group = Group.objects.filter(organization=organization, name=name).first()
        if group is None:
            if Group.objects.filter(organization=organization).count() >= MOST:
                raise TooMany(f"There are {MOST} groups, which is all there can be. Delete one first.")
            group = Group.objects.create(organization=organization, name=name)
    count = 0
    for part in _parts(homes):
        rows = [GroupSite(group=group, site_id=pk) for pk in part]
        count += len(GroupSite.objects.bulk_create(rows, ignore_conflicts=True))
    return group, count


def remove(*, group: Group, homes: Iterable[int]) -> int:
    """Remove homes from a group; return how many were in it."""
    return sum(group.members.filter(site__in=part).delete()[0] for part in _parts(homes))


def _parts(homes: Iterable[int]) -> Iterator[list[int]]:
    left = iter(homes)
    while part := list(islice(left, TOGETHER)):
        yield part
