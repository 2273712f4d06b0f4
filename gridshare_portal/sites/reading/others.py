"""Ask the accounts of other people which homes they list now, to know with whom a home is shared.

Each is asked through its own person's connection and permission, and what it lists goes no further than the
answer to this question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.conf import settings

from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import clients

MOST_ASKED = 64  # in one run; the next one asks the rest


def listed_by(connection_pks: Iterable[int]) -> dict[int, Collection[str] | None]:
    """Return by connection the ids that its account lists now; None where that cannot be told.

    This calls the network: never inside a transaction.
    """
    found: dict[int, Collection[str] | None] = dict.fromkeys(connection_pks)
    some = lunar.Connection.objects.filter(pk__in=sorted(found)[:MOST_ASKED])
    ready = [(one.pk, client) for one in some if (client := _client(one)) is not None]
    answers = parallel.gather(
        [client.list_sites for _pk, client in ready], at_most=settings.GRIDSHARE_PARALLEL
    )
    for (pk, _client_of), answer in zip(ready, answers, strict=True):
        if isinstance(answer, clients.FAILURES):
            continue
        if isinstance(answer, Exception):
            raise answer
        found[pk] = frozenset(answer)
    return found


def _client(connection: lunar.Connection) -> gridshare.Client | None:
    if scopes.DEVICE_READ not in connection.scope_set:
        return None
    try:
        return clients.for_connection(connection)
    except clients.FAILURES:
        return None
