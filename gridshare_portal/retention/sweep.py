"""Delete what the rules no longer keep, in small steps that are each whole.

A step is one transaction of at most some hundred rows, or of one home, run or account; whoever stops the
sweep loses nothing, and the next one goes on. Rows are locked and looked at again before they go, so that
what came into force meanwhile stays.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Model

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import forgetting
from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.retention import erasure, expired
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites

log = logging.getLogger(__name__)

TOGETHER = 500
EVENTS_TOGETHER = 1000
OWNERS_TOGETHER = 200

Find = Callable[[datetime], expired.Rows]
Steps = Callable[[datetime], Iterator[int]]  # how many rows went, one step after the other


@dataclass(frozen=True, kw_only=True)
class Task:
    """How the rows of one rule go: which they are, and the steps that delete them."""

    rule: str
    rows: Find
    steps: Steps


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep did: rows gone by rule, and whether more was left when its time was over."""

    gone: dict[str, int]
    is_left: bool


def run(*, now: datetime, for_s: float, tasks: tuple[Task, ...] | None = None) -> Swept:
    """Sweep for about `for_s` seconds. A rule that fails is logged and does not keep the others waiting."""
    began_s, gone, is_left = time.monotonic(), dict[str, int](), False
    for task in TASKS if tasks is None else tasks:
        count = 0
        try:
            for step in task.steps(now):
                count += step
                if is_left := time.monotonic() - began_s >= for_s:
                    break
        except Exception:
            log.exception("retention: %s could not be swept", task.rule)
        if count:
            gone[task.rule] = gone.get(task.rule, 0) + count
        if is_left:
            break
    for rule, count in gone.items():
        log.info("retention: %s: %d gone", rule, count)
    return Swept(gone=gone, is_left=is_left)


def due(*, now: datetime) -> dict[str, int]:
    """Return how many rows each rule would delete now, without deleting any."""
    counts: dict[str, int] = {}
    for task in TASKS:
        counts[task.rule] = counts.get(task.rule, 0) + task.rows(now).count()
    return counts


def _plain(rows: Find, now: datetime) -> Iterator[int]:
    """Delete rows some hundred at a time."""
    while pks := list(rows(now).order_by("pk").values_list("pk", flat=True)[:TOGETHER]):
        with transaction.atomic():
            gone = _locked(rows, now, pks)
            gone_rows = rows(now).model._base_manager.filter(pk__in=gone)
            gone_rows.delete()
        yield len(gone)
        if not gone:  # all of them are held by somebody: the next sweep finds them
            return


def _locked(rows: Find, now: datetime, pks: list[object]) -> list[object]:
    """Lock those of these rows that are still to go, and that nobody else holds."""
    still = rows(now).filter(pk__in=pks).order_by("pk").select_for_update(skip_locked=True, of=("self",))
    return [row.pk for row in still.only("pk")]


def _one_by_one(rows: Find, act: Callable[[Model, datetime], object], now: datetime) -> Iterator[int]:
    """Let each row go by an action of its own, in a transaction of its own; one that fails is left."""
    last: object = None
    while True:
        beyond = rows(now) if last is None else rows(now).filter(pk__gt=last)
        pks = list(beyond.order_by("pk").values_list("pk", flat=True)[:TOGETHER])
        for last in pks:
            yield _acted(rows, act, now, last)
        if not pks:
            return


def _acted(rows: Find, act: Callable[[Model, datetime], object], now: datetime, pk: object) -> int:
    with transaction.atomic():
        if not _locked(rows, now, [pk]):
            return 0
        act(rows(now).model._base_manager.get(pk=pk), now)
    return 1


def _delete(row: Model, _now: datetime) -> None:
    row.delete()


def _forget_invitation(row: accounts.Invitation, _now: datetime) -> None:
    erasure.forget_invitation(row)


def _forget_request(row: access.Request, _now: datetime) -> None:
    erasure.forget_request(row)


def _disconnect(row: lunar.Connection, now: datetime) -> None:
    connections.disconnect(connection=row, actor=None, forget_readings=False, now=now)


def _events(now: datetime) -> Iterator[int]:
    cut = expired.before("event", now)
    while pks := forgetting.oldest(before=cut, at_most=EVENTS_TOGETHER):
        yield forgetting.drop(pks)


def _runs(rows: Find, now: datetime) -> Iterator[int]:
    """Delete each run's lines some hundred at a time, then the run."""
    for pk in list(rows(now).order_by("pk").values_list("pk", flat=True)[:TOGETHER]):
        lines = runs.Line.objects.filter(run=pk).order_by("pk")
        while some := list(lines.values_list("pk", flat=True)[:TOGETHER]):
            with transaction.atomic():
                if not _locked(rows, now, [pk]):
                    break
                runs.Line.objects.filter(pk__in=some).delete()
            yield 0
        else:
            yield _acted(rows, _delete, now, pk)


def _days(rows: Find, owner: str, now: datetime) -> Iterator[int]:
    """Delete days by sensor or by home: so the index finds them, and no table is read as a whole."""
    owners = {"sensor": sites.Sensor.objects, "site": sites.Site.objects}[owner]
    last = 0
    while True:
        some = list(owners.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:OWNERS_TOGETHER])
        if not some:
            return
        last = some[-1]
        old = rows(now).filter(**{f"{owner}__in": some})
        while pks := list(old.values_list("pk", flat=True)[:TOGETHER]):
            yield rows(now).model._base_manager.filter(pk__in=pks).delete()[0]
        yield 0


def _task(rule: str, rows: Find, steps: Callable[[Find, datetime], Iterator[int]]) -> Task:
    return Task(rule=rule, rows=rows, steps=partial(steps, rows))


def _acting(rule: str, rows: Find, act: Callable[..., object]) -> Task:
    return Task(rule=rule, rows=rows, steps=partial(_one_by_one, rows, act))


TASKS: tuple[Task, ...] = (
    *(_task(rule, rows, _plain) for rule, rows in expired.PLAIN),
    _acting("invitation", expired.invitations, _forget_invitation),
    _acting("request", expired.requests, _forget_request),
    _acting("unproven account", expired.unproven_accounts, _delete),
    _acting("ended connection", expired.unrenewed_connections, _disconnect),
    _acting("home", expired.homes, _delete),
    _task("home", expired.links, _plain),
    _acting("connection", expired.connections, _delete),
    _task("run", expired.ended_runs, _runs),
    _task("draft of a run", expired.drafts, _runs),
    _task("change", expired.changes, _plain),
    _task("consent", expired.consents, _plain),
    Task(rule="event", rows=expired.events, steps=_events),
    Task(rule="readings", rows=expired.days, steps=partial(_days, expired.days, "sensor")),
    Task(rule="readings", rows=expired.site_days, steps=partial(_days, expired.site_days, "site")),
    Task(rule="readings", rows=expired.revisions, steps=partial(_days, expired.revisions, "sensor")),
)
