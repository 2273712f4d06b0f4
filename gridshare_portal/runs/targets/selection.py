"""Finds the homes of a bulk run in the worker, part by part: from a filter, or from a file.

What a part of the file left out is kept in the transaction that writes its lines, so that a killed worker
costs one part and nothing is read twice. The file is dropped once it was read.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Unpack

from django.db import transaction
from django.http import QueryDict

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.celery import wake
from gridshare_portal.portfolio.table import listing
from gridshare_portal.portfolio.table import query as list_query
from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.targets import enumeration, selectors, site_files

PACKED_AT_ONCE = 64 * 1024
ROWS_AT_MOST = 10_000
NOTHING: dict[str, str] = {runs.TargetSelection.Way.FILE: site_files.NO_HOME}


def create_run(
    *, choice: runs.TargetSelection, now: datetime, **terms: Unpack[lifecycle.RunTerms]
) -> runs.Run:
    """Write a run and the choice of its homes, and wake the worker that finds them; raises RunRefused.

    The page answers at once, however many homes a filter selects or a file names.
    """
    with transaction.atomic():
        choice.run = lifecycle.ask(now=now, **terms)
        choice.save(force_insert=True)
        wake("runs.tasks.find_homes", choice.run.pk)
    return choice.run


def packed(chunks: Iterable[bytes]) -> bytes:
    """Return a file compressed, at the fastest level."""
    packer = zlib.compressobj(level=1)
    return b"".join([*map(packer.compress, chunks), packer.flush()])


def choice_of(run: runs.Run) -> runs.TargetSelection | None:
    """Return how a run's homes were chosen, without the file; None for a canceling run."""
    return runs.TargetSelection.objects.defer("packed").filter(run=run).first()


def due() -> list[int]:
    """Return the keys of runs whose homes are still to be found, the oldest first."""
    reading = runs.TargetSelection.objects.filter(run__state=runs.Run.State.READING).order_by("run_id")
    return list(reading.values_list("run_id", flat=True))


def find(*, run_pk: int, owner: str, clock: Callable[[], datetime], for_s: float) -> str:
    """Find a run's homes for `for_s` seconds; return its state then, or "" if another worker has it."""
    choice = runs.TargetSelection.objects.defer("packed").filter(run=run_pk).first()
    if choice is None:
        return ""
    nothing = NOTHING.get(choice.way, selectors.NO_HOME)
    parts = partial(_parts, choice, clock)
    state = enumeration.read(
        run_pk=run_pk, parts=parts, nothing=nothing, owner=owner, clock=clock, for_s=for_s
    )
    forget()
    return state


def forget() -> None:
    """Drop the files of runs whose homes have been found."""
    over = runs.TargetSelection.objects.exclude(run__state=runs.Run.State.READING)
    over.filter(packed__isnull=False).update(packed=None)


def _parts(
    choice: runs.TargetSelection, clock: Callable[[], datetime], run: runs.Run
) -> Iterator[enumeration.Part]:
    choice.refresh_from_db()
    admin = run.made_by
    assert admin is not None  # enumeration.read calls this only while the admin may still make runs
    if choice.way == runs.TargetSelection.Way.FILE:
        return _of_file(choice, run, admin, clock())
    return _of_filter(choice, run, admin, clock)


def _of_file(
    choice: runs.TargetSelection, run: runs.Run, admin: accounts.User, now: datetime
) -> Iterator[enumeration.Part]:
    taken = run.lines.order_by().values_list("site_id", flat=True) if run.homes else ()
    steps = site_files.steps(
        _unpacked(bytes(choice.packed or b"")),
        look_up=selectors.look_up(admin, run.organization, now=now),
        after=run.read_to,
        taken=taken,
    )
    for step in steps:
        found = [(site_pk, None) for site_pk in step.homes]
        yield enumeration.Part(homes=found, read_to=step.to, also=partial(_note, choice, step))


def _of_filter(
    choice: runs.TargetSelection, run: runs.Run, admin: accounts.User, clock: Callable[[], datetime]
) -> Iterator[enumeration.Part]:
    query, read_to = list_query.read(QueryDict(choice.query)), run.read_to
    while True:
        now = clock()
        beyond = listing.listed(run.organization, query, now=now).filter(site__gt=read_to).order_by("site_id")
        found = list(beyond.values_list("site_id", flat=True)[: enumeration.TOGETHER])
        if not found:
            return
        shared = policy.shared_sites(admin, now=now, organization=run.organization)
        visible, read_to = selectors.among(shared, found), found[-1]
        yield enumeration.Part(homes=[(pk, None) for pk in found if pk in visible], read_to=read_to)


def _note(choice: runs.TargetSelection, step: site_files.Step) -> None:
    """Keep what a part left out: all of it as counts, the first lines as rows."""
    rows = step.left[: max(0, ROWS_AT_MOST - choice.kept)]
    runs.RejectedRow.objects.bulk_create(
        runs.RejectedRow(choice=choice, line=one.line, said=one.said, why=one.why) for one in rows
    )
    counts = Counter(choice.counts) + Counter(one.why for one in step.left)
    choice.read, choice.blank = choice.read + step.lines, choice.blank + step.blank
    choice.counts, choice.kept = dict(counts), choice.kept + len(rows)
    choice.save(update_fields=["read", "blank", "counts", "kept"])


def _unpacked(packed: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    while packed:
        yield unpacker.decompress(packed, PACKED_AT_ONCE)
        packed = unpacker.unconsumed_tail
    yield unpacker.flush()
