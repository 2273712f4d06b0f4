"""Writes the outcome of a change, once, with its audit event in the same transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from gridshare_portal.audit import names, record
from gridshare_portal.control import models, operations, outcomes, signals


def settle(
    *,
    change: models.Change,
    outcome: outcomes.Outcome,
    now: datetime,
    after: operations.Kept | None = None,
    expected: Collection[str] = (outcomes.OPEN,),
    **only_if: object,
) -> bool:
    """Settle a change whose outcome is still one of `expected`; return whether it was done here.

    The instance afterwards equals its row, whoever settled it. A change that is confirmed overtakes those
    before it that are not.
    """
    is_open_end = outcome.name == outcomes.UNCONFIRMED
    written: dict[str, object] = {
        "outcome": outcome.name,
        "sentence": outcome.sentence,
        "message": outcome.message[:300],
        "code": outcome.code[:60],
        "settled_at": now,
        "read_again_at": outcomes.next_read_back_at(0, now=now) if is_open_end else None,
    }
    written |= {} if after is None else {"after": after}
    written |= {} if outcome.was_sent else {"sent_at": None}
    with transaction.atomic():
        mine = models.Change.objects.filter(pk=change.pk, outcome__in=expected, **only_if)
        done = bool(mine.update(**written))
        if done:
            for field, value in written.items():
                setattr(change, field, value)
            signals.settled.send(sender=models.Change, change=change)
            record_event(change=change, name=names.Name.CHANGE_SETTLED, now=now)
            if outcome.name == outcomes.CONFIRMED and change.sent_at is not None:
                _overtake(change, now)
    if not done:
        change.refresh_from_db()
    return done


def _overtake(change: models.Change, now: datetime) -> None:
    """Settle as overtaken what was asked for before this change and can no longer become true."""
    mine = operations.from_json(change.kind, change.asked)
    earlier = models.Change.objects.filter(
        device=change.device_id, kind=change.kind, outcome=outcomes.UNCONFIRMED, sent_at__lt=change.sent_at
    )
    overtaken = outcomes.Outcome(name=outcomes.OVERTAKEN, sentence=outcomes.WAS_OVERTAKEN)
    for one in earlier.exclude(pk=change.pk).select_related(
        "actor", "site", "device", "consent__organization"
    ):
        if operations.replaces(mine, operations.from_json(one.kind, one.asked)):
            settle(change=one, outcome=overtaken, now=now, expected=[outcomes.UNCONFIRMED])


def record_event(*, change: models.Change, name: names.Name, now: datetime) -> None:
    """Add an event about a change, with what was wanted, read before and read after."""
    kept = ("kind", "asked", "before", "after", "outcome", "reason")
    record.add(
        name=name,
        at=now,
        actor=change.actor,
        site=change.site,
        device=change.device,
        organization=change.consent.organization if change.consent else None,
        details={"change": str(change.pk)} | {field: getattr(change, field) for field in kept},
    )
