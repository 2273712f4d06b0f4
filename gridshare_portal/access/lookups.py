"""Look-ups of what one person may see, whose SQL is built once: who asks and when are told each time.

The rules are those of policy.py; nothing of an answer is kept from one request to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar, cast

from django.db.models import BigIntegerField, DateTimeField, Model, QuerySet

from gridshare_portal import built
from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts

Found = TypeVar("Found", bound=Model)


class Lookup(Generic[Found]):
    """Rows in homes that somebody may see; `build` returns them for a person and a moment.

    What else the rows are found by is a `built.Given` in the query, and told by its name.
    """

    def __init__(self, build: Callable[[accounts.User, datetime], QuerySet[Found]]) -> None:
        self._build = build
        self._query = built.Query(self._for_anybody)

    def first(self, user: accounts.AnyUser, *, now: datetime, **key: object) -> Found | None:
        """Return the first row that this person may see now; None for a visitor who is not signed in."""
        if not policy.is_somebody(user):
            return None
        return self._query.first(user=user.pk, now=now, **key)

    def _for_anybody(self) -> QuerySet[Found]:
        anybody = accounts.User(pk=built.Given("user", BigIntegerField()), is_active=True)
        return self._build(anybody, cast(datetime, built.Given("now", DateTimeField())))
