"""What the filters of the homes table say, as conditions on its columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from gridshare_portal.portfolio.projection import aggregates
from gridshare_portal.portfolio.projection.row_builder import UNKNOWN_KEY
from gridshare_portal.portfolio.table.query import ListQuery


def conditions(
    asked: ListQuery, *, now: datetime, told: str = "last_reading_key", charge: str = "charge_key"
) -> Iterator[Q]:
    """Yield what must hold of a line; the group is not asked here.

    The columns of the newest reading and of the charge may go by other names: an index goes by these.
    """
    if asked.q:
        yield Q(name_key__contains=asked.q)
    for name in ("state", "right"):
        if getattr(asked, name):
            yield Q(**{name: getattr(asked, name)})
    if asked.ask:
        yield Q(right="control", ask_first=asked.ask == "yes")
    if asked.age:
        yield aggregates.age(asked.age, now=now, key=told)
    yield from (Q(**{f"has_{part}": True}) for part in asked.has)
    if asked.lacks:
        yield Q(**{f"has_{asked.lacks}": False})
    if asked.zone:
        yield Q(time_zone=asked.zone)
    if asked.charged:
        yield Q(has_battery=True, stored_wh__isnull=asked.charged == "unknown")
    if asked.charge_from is not None:
        yield Q(**{f"{charge}__gte": asked.charge_from})
    if asked.charge_to is not None:
        yield Q(**{f"{charge}__gte": 0, f"{charge}__lte": asked.charge_to})


def implied(asked: ListQuery) -> Iterator[Q]:
    """Yield what follows for the columns that homes are put in order by: where they lie."""
    if asked.lacks == "battery" or asked.age == "none":
        yield Q(charge_key=UNKNOWN_KEY, stored_key=UNKNOWN_KEY)
    if asked.charged:
        yield Q(stored_key=UNKNOWN_KEY) if asked.charged == "unknown" else Q(stored_key__gte=0)
