"""Read a customer's homes from Gridshare into rows, one run per connection at a time.

The Sync row is the queue: when a connection is due, who reads it now (a lease), and how it went. A run whose
lease was taken away, by a newer run or because the connection ended, writes nothing. A part read less than an
hour ago is not read again, so a run that failed halfway goes on where it stopped.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types
from gridshare_portal.leases import rows as leases
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import calls, clients, signals
from gridshare_portal.sites import models as sites
from gridshare_portal.sites.reading import fetching, handover, occupancy, others, rows

LEASE = timedelta(seconds=30)  # prolonged with every answer, of which each comes within ten seconds
CLAIMED = timedelta(minutes=1)
EVERY = timedelta(hours=6)
EVERY_WITHOUT_A_HOME = timedelta(hours=1)
FRESH = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_RETRY_AFTER = timedelta(hours=1)
TRIES = 4  # at writing, of which each may learn of other people to ask

State = sites.Sync.State
Row = TypeVar("Row", sites.Site, sites.Device)
Prolong = Callable[..., object]  # the lease, and write these columns of the row


def request(*, connection: lunar.Connection, now: datetime) -> None:
    """Make the connection due at once, as after it was connected; a run in progress is overtaken."""
    due = {"state": State.DUE, "due_at": now, "failures": 0, "last_error": ""}
    anew = {"step": "", "done": 0, "total": 0, **leases.released()}
    sites.Sync.objects.update_or_create(connection=connection, defaults={**due, **anew})


def stop(*, connection: lunar.Connection) -> None:
    """Take the connection from the queue; a run in progress writes nothing any more."""
    sites.Sync.objects.filter(connection=connection).update(
        due_at=None, **leases.released(), state=State.FAILED, last_error="ended"
    )


def claim(*, now: datetime, at_most: int = 50) -> list[int]:
    """Return connections that are due, and make them due again in CLAIMED, should the task be lost."""
    reached = sites.Sync.objects.filter(connection__status="active")
    found = leases.put_off(reached, now=now, by=CLAIMED, at_most=at_most, state=State.DUE)
    return list(sites.Sync.objects.filter(pk__in=found).values_list("connection_id", flat=True))


def run(*, connection_pk: int, now: datetime, owner: str) -> bool:
    """Read a connection's homes if it is due and no other run has it; return whether more is left to do."""
    if not _lease(connection_pk, now, owner):
        return False
    mine = sites.Sync.objects.filter(connection_id=connection_pk, lease_owner=owner)
    connection = lunar.Connection.objects.get(pk=connection_pk)
    try:
        with calls.of_connection(connection_pk, now=now) as heard:
            if scopes.DEVICE_READ not in connection.scope_set:
                raise clients.NoAccessPath("missing_scope", scope=scopes.DEVICE_READ)
            client = clients.for_connection(connection, listener=heard.append)
            prolong = partial(_prolong, mine, now, time.monotonic())
            listed, parts = _read(client, connection, prolong, now)
            stored = _store_surely(client, mine, connection, listed, parts, prolong, now)
    except Exception as failure:
        _put_off(mine, failure, now)
        if not isinstance(failure, clients.FAILURES):
            raise
        return False
    if stored:
        clients.note_success(connection, now=now)
    return stored and parts.left > 0


def store_device(device: sites.Device, read: types.Device, now: datetime) -> None:
    """Store what the API said of one device, as after its details were changed."""
    rows.describe(device, read, now).save(update_fields=rows.DETAILS)


def _lease(connection_pk: int, now: datetime, owner: str) -> bool:
    waiting = Q(state=State.DUE) | Q(state__in=[State.DONE, State.FAILED], due_at__lte=now)
    abandoned = Q(state=State.RUNNING, lease_until_at__lt=now)
    ours = sites.Sync.objects.filter(waiting | abandoned, leases.free(now=now), connection_id=connection_pk)
    lease = leases.held(owner=owner, now=now, lasting=LEASE)
    return ours.update(state=State.RUNNING, step="sites", done=0, total=2, due_at=now + LEASE, **lease) == 1


def _prolong(mine: QuerySet[sites.Sync], now: datetime, began_s: float, **columns: object) -> None:
    until_at = now + timedelta(seconds=time.monotonic() - began_s) + LEASE
    mine.update(lease_until_at=until_at, **columns)


def _read(
    client: gridshare.Client, connection: lunar.Connection, prolong: Prolong, now: datetime
) -> tuple[fetching.Listed, fetching.Parts]:
    listed = fetching.listed(client, at_most=settings.GRIDSHARE_PARALLEL)
    homes = sites.Site.objects.filter(connection_sites__connection__user=connection.user_id)
    site_ids = _stale(homes, listed.site_ids, now, read_at="topology_read_at")
    devices = sites.Device.objects.filter(site__in=homes)
    device_ids = _stale(devices, listed.device_ids or (), now, read_at="details_read_at")
    total = 2 + len(listed.site_ids) + len(listed.device_ids or ())
    wanted = len(site_ids) + len(device_ids)
    prolong(step="devices", done=total - wanted, total=total)
    parts = fetching.parts(
        client,
        site_ids=site_ids,
        device_ids=device_ids,
        at_most=settings.GRIDSHARE_PARALLEL,
        report=lambda came: prolong(done=total - wanted + came),
    )
    return listed, parts


def _stale(known: QuerySet[Row], ids: Collection[str], now: datetime, *, read_at: str) -> list[str]:
    """Return the ids that are to be read: all but those of this person's homes that were read just before."""
    fresh = known.filter(**{f"{read_at}__gt": now - FRESH}).only("synth_id")
    found = fresh.in_bulk(list(ids), field_name="synth_id")
    return [synth_id for synth_id in ids if synth_id not in found]


def _store_surely(
    client: gridshare.Client,
    mine: QuerySet[sites.Sync],
    connection: lunar.Connection,
    listed: fetching.Listed,
    parts: fetching.Parts,
    prolong: Prolong,
    now: datetime,
) -> bool:
    """Write everything, after asking the accounts of other people who may live in these homes, too.

    Such an account is asked outside of the transaction, then the person's own once more: so both listed a
    home at one moment, or they did not. With these answers everything is decided anew.
    """
    heard: dict[int, Collection[str] | occupancy.Silence] = {}
    for _try in range(TRIES):
        try:
            return _store(mine, connection, listed, parts, now, heard=heard)
        except handover.Undecided as doubt:
            heard |= others.listed_by(doubt.connections, prolong=prolong)
            listed = fetching.still(client, listed)
    raise clients.NotNow("busy")


def _store(
    mine: QuerySet[sites.Sync],
    connection: lunar.Connection,
    listed: fetching.Listed,
    parts: fetching.Parts,
    now: datetime,
    *,
    heard: occupancy.Heard = MappingProxyType({}),
) -> bool:
    """Write everything in one transaction; nothing when the lease was taken away meanwhile.

    Raises handover.Undecided, with nothing written, where other people's accounts are to be asked first.
    """
    with transaction.atomic():
        row = mine.select_for_update().first()
        if row is None:
            return False
        reached, waiting = rows.write_sites(
            connection, site_ids=listed.site_ids, whole=listed.whole_sites, heard=heard, now=now
        )
        mine.update(**_outcome(row, listed, parts, now, waiting=waiting))
        rows.write_topologies(reached, topologies=parts.topologies, now=now)
        rows.write_devices(
            connection,
            reached,
            device_ids=None if waiting else listed.device_ids,
            whole=listed.whole_devices,
            details={} if waiting else parts.devices,  # some are of homes that nobody can decide on yet
            heard=heard,
            now=now,
        )
        for site in reached.values():
            if site.topology_read_at is not None:
                rows.write_sensors(site, now=now)
                signals.synced.send(sites.Site, site=site, connection=connection)
    return True


def _outcome(
    row: sites.Sync,
    listed: fetching.Listed,
    parts: fetching.Parts,
    now: datetime,
    *,
    waiting: Collection[str],
) -> dict[str, object]:
    """Return the Sync row's columns after a run: more to do, to be tried again, or done.

    `waiting` are homes of which nobody could say yet whose they are.
    """
    unsure = (clients.NotNow("busy"),) if waiting else ()
    failures: tuple[Exception, ...] = (*listed.errors, *parts.errors, *unsure)
    missing = parts.left + len(failures)
    kept = {
        "done": max(0, row.total - missing),
        "last_error": _words(failures),
        "unread_sites": listed.unread_sites,
        **({} if listed.device_ids is None else {"unread_devices": listed.unread_devices}),
        **leases.released(),
    }
    if parts.left:
        return {**kept, "state": State.DUE, "due_at": now}
    passing = [failure for failure in failures if isinstance(failure, (*fetching.AGAIN, clients.NotNow))]
    if passing:
        return {**kept, **_again(row, passing, now)}
    every = EVERY if listed.site_ids else EVERY_WITHOUT_A_HOME
    due_at = now + every * random.uniform(0.9, 1.1)
    return {
        **kept,
        "state": State.DONE,
        "step": "done",
        "failures": 0,
        "finished_at": now,
        "due_at": due_at,
    }


def _put_off(mine: QuerySet[sites.Sync], failure: Exception, now: datetime) -> None:
    """Record a run that brought nothing; where only the homeowner can help, wait for a new connection."""
    row = mine.first()
    if row is None:
        return
    written = _again(row, [failure], now)
    if isinstance(failure, clients.NoAccessPath):
        written["due_at"] = None
    mine.update(**written, last_error=_words([failure]), **leases.released())


def _again(row: sites.Sync, failures: Iterable[Exception], now: datetime) -> dict[str, object]:
    """Return when to try again: later with each failure, and never before the API says so."""
    pause = clients.pause_after(
        failures, before=row.failures, at_most=LONGEST_PAUSE, retry_after_at_most=LONGEST_RETRY_AFTER
    )
    return {"state": State.FAILED, "failures": row.failures + 1, "due_at": now + pause}


def _words(failures: Iterable[Exception]) -> str:
    """Return what failed, as words for a page to translate: "getDevice: forbidden", or a reason alone."""
    words = (
        (f"{one.operation}: " if isinstance(one, errors.GridshareError) else "") + clients.word_for(one)
        for one in failures
    )
    return ", ".join(dict.fromkeys(words))[:200]
