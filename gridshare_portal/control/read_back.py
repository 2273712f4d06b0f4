"""Reads unconfirmed changes back until their outcome is known; never sends anything again."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from gridshare_portal.audit import names
from gridshare_portal.control import finalize, models, operations, outcomes, state
from gridshare_portal.sites import calls, clients

STUCK_AFTER = timedelta(seconds=60)


def settle_stuck(*, changes: QuerySet[models.Change], now: datetime) -> None:
    """Settle changes whose process died: failed if never sent, unconfirmed if sent without a result."""
    late = now - STUCK_AFTER
    for change in changes.filter(outcome=outcomes.OPEN, made_at__lte=late):
        if change.sent_at is None:
            never_sent = outcomes.Outcome(name=outcomes.FAILED, sentence=outcomes.NEVER_SENT)
            finalize.settle(change=change, outcome=never_sent, now=now, sent_at=None)
        elif change.sent_at <= late:
            unknown = outcomes.Outcome(name=outcomes.UNCONFIRMED, sentence=outcomes.NOT_CONFIRMED)
            finalize.settle(change=change, outcome=unknown, now=now)


def due(*, now: datetime) -> QuerySet[models.Change]:
    """Return the unconfirmed changes whose next read-back is due."""
    return models.Change.objects.filter(outcome=outcomes.UNCONFIRMED, read_again_at__lte=now)


def read_again(*, change_pk: uuid.UUID | str, now: datetime) -> None:
    """Read back an unconfirmed change once more, if that is due and no other worker does."""
    change = due(now=now).filter(pk=change_pk).select_related("device", "site").first()
    if change is None or not _claim(change, now):
        return
    operation = operations.from_json(change.kind, change.asked)
    read = _read(change, operation, now)
    outcome = outcomes.of_reading(operation.wanted, read, sent=_sent(change, operation), now=now)
    after = None if read is None else operations.kept(operation, read)
    if outcome.name != outcomes.UNCONFIRMED:
        finalize.settle(change=change, outcome=outcome, now=now, after=after, expected=[outcomes.UNCONFIRMED])
        return
    mine = models.Change.objects.filter(pk=change.pk, outcome=outcomes.UNCONFIRMED)
    is_over = outcomes.is_over(operation.wanted, now=now)
    written = {"sentence": outcome.sentence} | ({} if after is None or is_over else {"after": after})
    mine.update(**written | ({"read_again_at": None} if is_over else {}))
    if is_over or change.read_again_at is None:
        change.refresh_from_db()
        finalize.record_event(change=change, name=names.Name.CHANGE_SETTLED, now=now)


def _sent(change: models.Change, operation: operations.Ask) -> outcomes.Sent:
    """Return what is known of how a change went out, and what was sent to the device after it."""
    sent_at = change.sent_at or change.made_at
    since = models.Change.objects.filter(
        device=change.device_id,
        kind=change.kind,
        sent_at__gt=sent_at,
        outcome__in=[outcomes.OPEN, outcomes.UNCONFIRMED, outcomes.CONFIRMED, outcomes.OVERTAKEN],
    )
    asked = [operations.from_json(change.kind, one) for one in since.values_list("asked", flat=True)]
    return outcomes.Sent(
        at=sent_at,
        was_accepted=change.accepted_at is not None,
        before=operations.reported(operation, change.before),
        later=[one.wanted for one in asked if operations.replaces(one, operation)],
        looks_again=change.read_again_at is not None,
    )


def _claim(change: models.Change, now: datetime) -> bool:
    """Count this attempt and schedule the next at once, so that a worker that dies costs one attempt."""
    mine = due(now=now).filter(pk=change.pk, attempts=change.attempts)
    following = outcomes.next_read_back_at(change.attempts + 1, now=now)
    if not mine.update(attempts=F("attempts") + 1, read_again_at=following):
        return False
    change.attempts, change.read_again_at = change.attempts + 1, following
    return True


def _read(change: models.Change, operation: operations.Ask, now: datetime) -> outcomes.Read | None:
    try:
        with calls.of_site(change.site, now=now) as api_calls:
            client = clients.for_site(change.site, scope=operation.reading_scope, listener=api_calls.append)
            read = operation.look(client, change.device.synth_id)
    except clients.FAILURES:
        return None
    state.store(device=change.device, read=read, now=now)
    return read
