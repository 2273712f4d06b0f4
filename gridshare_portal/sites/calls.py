"""Keep how the API's operations fared for each home: the last call of each, and since when it fails.

Calls made together are written together, so that parallel calls cost one write. Calls that name no home, such
as the list of homes, count for every home of the connection. Where the log cannot be written the reading goes
on without it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial

from django.db import DatabaseError, transaction
from django.db.models import BigIntegerField

from gridshare_portal import built
from gridshare_portal.gridshare.http import calls
from gridshare_portal.sites import models as sites

logger = logging.getLogger(__name__)

LISTS = ("listSites", "listDevices")
WRITTEN = ("last_at", "status", "error", "ms", "ok_at", "failures", "since_at")
TOGETHER = 500
_HOME = built.Given("home", BigIntegerField())
_HOMES = built.Query(lambda: sites.Site.objects.filter(pk=_HOME).only("pk"))
_CALLS = built.Query(lambda: sites.Call.objects.filter(site=_HOME))

Heard = Sequence[calls.Heard]


def of_site(site: sites.Site, *, now: datetime) -> AbstractContextManager[list[calls.Heard]]:
    """Keep what is heard inside as calls for one home; the list's `append` is a client's listener."""
    return _kept(lambda heard: {site.pk: heard}, now)


def of_connection(connection_pk: int, *, now: datetime) -> AbstractContextManager[list[calls.Heard]]:
    """Keep what is heard inside as calls for the homes it is about, of those that a connection reaches."""
    return _kept(partial(_by_site, connection_pk), now)


@contextmanager
def _kept(by_site: Callable[[Heard], Mapping[int, Heard]], now: datetime) -> Iterator[list[calls.Heard]]:
    heard: list[calls.Heard] = []
    try:
        yield heard
    finally:
        if heard:
            _keep(by_site, heard, now)


def _by_site(connection_pk: int, heard: Heard) -> Mapping[int, Heard]:
    """Sort calls by the home they are about; lists are about all of them."""
    reached = sites.Site.objects.filter(
        connection_sites__connection=connection_pk, connection_sites__lost_at=None
    )
    homes = dict(reached.values_list("synth_id", "pk"))
    devices = sites.Device.objects.filter(site__in=reached)
    owners = homes | dict(devices.values_list("synth_id", "site_id"))
    found: dict[int, list[calls.Heard]] = defaultdict(list)
    for one in heard:
        for site_pk in homes.values() if one.operation in LISTS else [owners.get(one.subject)]:
            if site_pk is not None:
                found[site_pk].append(one)
    return found


def _keep(by_site: Callable[[Heard], Mapping[int, Heard]], heard: Heard, now: datetime) -> None:
    """Write how the calls went, in one statement; what cannot be written is left out of the log."""
    try:
        with transaction.atomic():
            found = by_site(heard)
            there, known = _known(list(found))
            sites.Call.objects.bulk_create(
                [row for pk in there for row in _rows(pk, known, found[pk], now)],
                update_conflicts=True,
                unique_fields=["site", "operation"],
                update_fields=WRITTEN,
                batch_size=TOGETHER,
            )
    except DatabaseError as fault:
        logger.warning("how calls went could not be kept: %s", type(fault).__name__)


def _known(homes: Sequence[int]) -> tuple[list[int], dict[tuple[int, str], sites.Call]]:
    """Return which of these homes there still are, and what is kept of them, by home and operation."""
    if len(homes) == 1:
        there, rows = _HOMES.rows(home=homes[0]), _CALLS.rows(home=homes[0])
    else:
        there = list(sites.Site.objects.filter(pk__in=homes).only("pk"))
        rows = list(sites.Call.objects.filter(site__in=homes))
    return [site.pk for site in there], {(row.site_id, row.operation): row for row in rows}


def _rows(
    site_pk: int, known: Mapping[tuple[int, str], sites.Call], heard: Heard, now: datetime
) -> Iterator[sites.Call]:
    by_operation: dict[str, list[calls.Heard]] = defaultdict(list)
    for one in heard:
        by_operation[one.operation].append(one)
    for operation, some in by_operation.items():
        before = known.get((site_pk, operation)) or sites.Call(site_id=site_pk, operation=operation)
        yield _row(before, some, now)


def _row(before: sites.Call, heard: Heard, now: datetime) -> sites.Call:
    """Return a home's row for an operation after calls that were made together."""
    failed = [one for one in heard if one.error]
    telling = failed[-1] if failed else heard[-1]
    return sites.Call(
        site_id=before.site_id,
        operation=before.operation,
        last_at=now,
        status=telling.status,
        error=telling.error[:40],
        ms=round(max(one.took_s for one in heard) * 1000),
        ok_at=now if len(failed) < len(heard) else before.ok_at,
        failures=before.failures + 1 if failed else 0,
        since_at=(before.since_at or now) if failed else None,
    )
