"""Put homes into groups and take them out; the only writer of groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.models import Group, GroupSite

MOST = 100
TOGETHER = 1000


class TooMany(Exception):
    """The organization has as many groups as it can have."""


def add(*, organization: accounts.Organization, name: str, homes: Iterable[int]) -> tuple[Group, int]:
    """Put homes into the group of this name, which is made where there is none; say how many were named."""
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
    """Take homes out of a group; say how many stood in it."""
    return sum(group.members.filter(site__in=part).delete()[0] for part in _parts(homes))


def delete(*, group: Group) -> None:
    """Delete a group; its homes stay as they are."""
    group.delete()


def _parts(homes: Iterable[int]) -> Iterator[list[int]]:
    left = iter(homes)
    while part := list(islice(left, TOGETHER)):
        yield part
