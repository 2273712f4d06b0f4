"""Keep how the API's operations fared for each home: the last call of each, and since when it fails.

Whoever makes calls for a home or a connection notes them together when all are made, so that calls side by
side cost one write. Calls that name no home, such as the list of homes, count for every home of the
connection. The log never stands in the way: where it cannot be written, the reading goes on without.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from gridshare_portal.gridshare.http import calls
from gridshare_portal.sites import models as sites

logger = logging.getLogger(__name__)

LISTS = ("listSites", "listDevices")
WRITTEN = ("last_at", "status", "error", "ms", "ok_at", "failures", "since_at")
TOGETHER = 500

Heard = Sequence[calls.Heard]


@contextmanager
def of_site(site: sites.Site, *, now: datetime) -> Iterator[list[calls.Heard]]:
    """Keep what is heard inside as calls for one home; hand the list's `append` to a client."""
    heard: list[calls.Heard] = []
    try:
        yield heard
    finally:
        _keep({site.pk: heard} if heard else {}, now)


@contextmanager
def of_connection(connection_pk: int, *, now: datetime) -> Iterator[list[calls.Heard]]:
    """Keep what is heard inside as calls for the homes it is about, of those that a connection reaches."""
    heard: list[calls.Heard] = []
    try:
        yield heard
    finally:
        if heard:
            _keep_for_all(connection_pk, heard, now)


def _keep_for_all(connection_pk: int, heard: Heard, now: datetime) -> None:
    reached = sites.Site.objects.filter(
        connection_sites__connection=connection_pk, connection_sites__lost_at=None
    )
    try:
        _keep(_by_site(reached, heard), now)
    except DatabaseError as fault:
        _complain(fault)


def _by_site(reached: QuerySet[sites.Site], heard: Heard) -> Mapping[int, Heard]:
    """Sort calls by the home they are about; lists are about all of them."""
    homes = dict(reached.values_list("synth_id", "pk"))
    devices = sites.Device.objects.filter(site__in=reached)
    owners = homes | dict(devices.values_list("synth_id", "site_id"))
    found: dict[int, list[calls.Heard]] = defaultdict(list)
    for one in heard:
        about = homes.values() if one.operation in LISTS else [owners.get(one.subject)]
        for site_pk in about:
            if site_pk is not None:
                found[site_pk].append(one)
    return found


def _keep(heard: Mapping[int, Heard], now: datetime) -> None:
    """Write how the calls went, in one statement; what cannot be written is left out of the log."""
    if not heard:
        return
    try:
        with transaction.atomic():
            known = _known(heard)
            rows = [row for site_pk in known for row in _rows(site_pk, heard[site_pk], known[site_pk], now)]
            sites.Call.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["site", "operation"],
                update_fields=WRITTEN,
                batch_size=TOGETHER,
            )
    except DatabaseError as fault:
        _complain(fault)


def _known(site_pks: Iterable[int]) -> dict[int, dict[str, sites.Call]]:
    """Return what is kept of those homes that still are there."""
    there = sites.Site.objects.filter(pk__in=list(site_pks)).prefetch_related("calls")
    return {site.pk: {call.operation: call for call in site.calls.all()} for site in there}


def _rows(site_pk: int, heard: Heard, known: Mapping[str, sites.Call], now: datetime) -> Iterator[sites.Call]:
    by_operation: dict[str, list[calls.Heard]] = defaultdict(list)
    for one in heard:
        by_operation[one.operation].append(one)
    for operation, some in by_operation.items():
        before = known.get(operation) or sites.Call(site_id=site_pk, operation=operation)
        yield _row(before, some, now)


def _row(before: sites.Call, heard: Heard, now: datetime) -> sites.Call:
    """Return a home's line after some calls that were made together."""
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


def _complain(fault: Exception) -> None:
    logger.warning("how calls went could not be kept: %s", type(fault).__name__)
