"""Writes a line for each home of a run, part by part, in the worker.

The run is the queue: a lease keeps two workers apart, and `read_to`, written with the lines, is where the
next worker goes on. The caller's `parts` yields the homes.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from gridshare_portal.control import outcomes
from gridshare_portal.leases import rows as leases
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import transitions

R = runs.Run.State
HOMES_AT_MOST = 200_000
TOGETHER = 1_000
LEASE = timedelta(seconds=90)  # longer than a task may run
MAY_BE_THERE = (outcomes.CONFIRMED, outcomes.UNCONFIRMED, outcomes.CONTRADICTED)

TOO_MANY = f"A run has at most {HOMES_AT_MOST:,} homes. Choose fewer."
NO_ADMIN = "Whoever asked for this run may no longer make runs, so its homes were not looked up."
NOTHING_THERE = "No plan of that run is left that could be taken back."

Homes = Sequence[tuple[int, uuid.UUID | None]]  # a home, and the change that a cancel reverts there


@dataclass(frozen=True, kw_only=True)
class Part:
    """The next homes, the `read_to` behind them, and what else to write in their transaction."""

    homes: Homes
    read_to: int
    also: Callable[[], object] | None = None


Parts = Callable[[runs.Run], Iterable[Part]]


class _Lost(Exception):
    """Another worker has the run by now, or its homes are no longer to be read."""


def open(*, run: runs.Run, now: datetime) -> runs.Run:
    """Save a new run whose homes follow."""
    run.state = R.READING
    with transaction.atomic():
        run.save(force_insert=True)
        transitions.record_action(run=run, action="drafted", actor=run.made_by, now=now)
    return run


def read(
    *, run_pk: int, parts: Parts, nothing: str, owner: str, clock: Callable[[], datetime], for_s: float
) -> str:
    """Write a run's lines for `for_s` seconds; return its state then, or "" if another worker has it.

    `nothing` is the sentence for a run without homes.
    """
    run = _claim(run_pk, owner, clock())
    if run is None:
        return ""
    try:
        _read(run, parts, nothing, owner, clock, for_s)
    except _Lost:
        return ""
    finally:
        runs.Run.objects.filter(pk=run_pk, lease_owner=owner).update(**leases.released())
    return run.state


def write(*, run: runs.Run, homes: Homes) -> None:
    """Add lines behind those that the run has; raises transitions.RunRefused above HOMES_AT_MOST."""
    if run.homes + len(homes) > HOMES_AT_MOST:
        raise transitions.RunRefused(TOO_MANY, field="sites")
    runs.Line.objects.bulk_create(
        runs.Line(run=run, site_id=site_pk, undoes_id=change_pk, position=position)
        for position, (site_pk, change_pk) in enumerate(homes, start=run.homes + 1)
    )
    run.homes += len(homes)


def sent(run: runs.Run) -> QuerySet[runs.Line]:
    """Return the lines of a run whose plan may be on the device."""
    return run.lines.filter(change__sent_at__isnull=False, change__outcome__in=MAY_BE_THERE)


def lines_to_undo(run: runs.Run) -> Iterator[Part]:
    """Yield the homes of the run that this one cancels, with the changes to revert."""
    if run.cancel_of is None:
        return
    read_to = run.read_to
    while True:
        beyond = sent(run.cancel_of).filter(position__gt=read_to).order_by("position")
        found = list(beyond.values_list("position", "site_id", "change_id")[:TOGETHER])
        if not found:
            return
        read_to = found[-1][0]
        yield Part(homes=[(site_pk, change_pk) for _, site_pk, change_pk in found], read_to=read_to)


def _claim(run_pk: int, owner: str, now: datetime) -> runs.Run | None:
    taken = leases.held(owner=owner, now=now, lasting=LEASE)
    if not runs.Run.objects.filter(leases.free(now=now), pk=run_pk, state=R.READING).update(**taken):
        return None
    return runs.Run.objects.select_related("organization", "made_by", "cancel_of").get(pk=run_pk)


def _read(
    run: runs.Run, parts: Parts, nothing: str, owner: str, clock: Callable[[], datetime], for_s: float
) -> None:
    if not transitions.may_run(run.made_by, run.organization):
        _give_up(run, owner, "no_admin", NO_ADMIN, clock())
        return
    try:
        done = _write_parts(run, parts, owner, clock, for_s)
    except transitions.RunRefused as refusal:
        _give_up(run, owner, "refused", refusal.reason, clock())
        return
    if done and run.homes:
        _update(run, owner, state=R.DRAFT, read_to=0)
        run.state = R.DRAFT
    elif done:
        _give_up(run, owner, "no_homes", nothing, clock())


def _write_parts(
    run: runs.Run, parts: Parts, owner: str, clock: Callable[[], datetime], for_s: float
) -> bool:
    """Write part by part, each in a transaction; return whether that was all."""
    until_s = time.monotonic() + for_s
    for part in parts(run):
        with transaction.atomic():
            homes = F("homes") + len(part.homes)
            _update(run, owner, read_to=part.read_to, homes=homes, lease_until_at=clock() + LEASE)
            write(run=run, homes=part.homes)
            if part.also is not None:
                part.also()
        run.read_to = part.read_to
        if time.monotonic() > until_s:
            return False
    return True


def _update(run: runs.Run, owner: str, **written: object) -> None:
    if not runs.Run.objects.filter(pk=run.pk, state=R.READING, lease_owner=owner).update(**written):
        raise _Lost


def _give_up(run: runs.Run, owner: str, why: str, sentence: str, now: datetime) -> None:
    written = {"state": R.VOID, "why": why, "sentence": sentence, "ended_at": now}
    with transaction.atomic():
        if not runs.Run.objects.select_for_update().filter(pk=run.pk, lease_owner=owner).exists():
            raise _Lost
        transitions.move(run=run, action="came to nothing", after=[R.READING], actor=None, now=now, **written)
