"""The filters of the homes table as conditions on its columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from gridshare_portal.portfolio.projection import aggregates
from gridshare_portal.portfolio.projection.row_builder import UNKNOWN_KEY
from gridshare_portal.portfolio.table.query import ListQuery


def conditions(
    query: ListQuery, *, now: datetime, reading: str = "last_reading_key", charge: str = "charge_key"
) -> Iterator[Q]:
    """Yield the conditions on a row, except for the group.

    `reading` and `charge` name the columns of the newest reading and the charge, or aliases that hide an
    index.
    """
    if query.q:
        yield Q(name_key__contains=query.q)
    for name in ("state", "right"):
        if getattr(query, name):
            yield Q(**{name: getattr(query, name)})
    if query.ask:
        yield Q(right="control", ask_first=query.ask == "yes")
    if query.age:
        yield aggregates.age(query.age, now=now, key=reading)
    yield from (Q(**{f"has_{part}": True}) for part in query.has)
    if query.lacks:
        yield Q(**{f"has_{query.lacks}": False})
    if query.zone:
        yield Q(time_zone=query.zone)
    if query.charged:
        yield Q(has_battery=True, stored_wh__isnull=query.charged == "unknown")
    if query.charge_from is not None:
        yield Q(**{f"{charge}__gte": query.charge_from})
    if query.charge_to is not None:
        yield Q(**{f"{charge}__gte": 0, f"{charge}__lte": query.charge_to})


def implied(query: ListQuery) -> Iterator[Q]:
    """Yield what the filters imply for the sorted columns: it narrows the part of an index to read."""
    if query.lacks == "battery" or query.age == "none":
        yield Q(charge_key=UNKNOWN_KEY, stored_key=UNKNOWN_KEY)
    if query.charged:
        yield Q(stored_key=UNKNOWN_KEY) if query.charged == "unknown" else Q(stored_key__gte=0)
