"""Ask the accounts of other people which homes they list now, to know with whom a home is shared.

Each is asked through its own person's connection and permission, and what it lists goes no further than the
answer to this question.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from django.conf import settings

from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import clients
from gridshare_portal.sites.reading.occupancy import Silence

SECONDS = 6.0  # as for the person's own homes; the next run asks the rest

Said = dict[int, Collection[str] | Silence]


def listed_by(connection_pks: Collection[int], *, prolong: Callable[[], object]) -> Said:
    """Return by connection the ids that its account lists now, or why it said nothing.

    `prolong` is called before every few calls. They go over the network: never inside a transaction.
    """
    began_s, together = time.monotonic(), settings.GRIDSHARE_PARALLEL
    found: Said = dict.fromkeys(connection_pks, Silence.LATER)
    asked = sorted(found)
    for start in range(0, len(asked), together):
        if start and time.monotonic() - began_s >= SECONDS:
            break
        prolong()
        found |= _asked(asked[start : start + together])
    prolong()
    return found


def _asked(connection_pks: Sequence[int]) -> Said:
    found: Said = dict.fromkeys(connection_pks, Silence.UNKNOWN)
    some = lunar.Connection.objects.filter(pk__in=connection_pks)
    ready = {one.pk: client for one in some if (client := _client(one)) is not None}
    answers = parallel.gather([one.list_sites for one in ready.values()], at_most=len(connection_pks))
    for pk, answer in zip(ready, answers, strict=True):
        if not isinstance(answer, Exception):
            found[pk] = frozenset(answer)
        elif not isinstance(answer, clients.FAILURES):
            raise answer
    return found


def _client(connection: lunar.Connection) -> gridshare.Client | None:
    if scopes.DEVICE_READ not in connection.scope_set:
        return None
    try:
        return clients.for_connection(connection)
    except clients.FAILURES:
        return None
