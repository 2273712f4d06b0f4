"""Write to a device: the only module of the portal that does.

The order is fixed: permission; the change and its event in one transaction; read the device; send once; read
back; settle. No network call happens inside a transaction. A write whose reply was lost is never sent again;
`read_back` finds out what became of it. A staff member's consent is checked again in the statement that marks
a change as sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names
from gridshare_portal.control import (
    finalize,
    models,
    operations,
    outcomes,
    permission,
    quota,
    read_back,
    state,
)
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types
from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.sites import calls, clients
from gridshare_portal.sites import models as sites

SECOND_READ_S = 1.0
ALREADY_SO = "The device's details are already like this, so nothing was sent."


class Busy(Exception):
    """Another change of this device is on its way."""

    reason = "Another change of this device is on its way. Wait for it, then try again."


class KeyReused(Exception):
    """The form key belongs to another operation already."""

    reason = "This form was used before for something else. Open the page again."


def make(
    *,
    actor: accounts.User,
    device: sites.Device,
    asked: operations.Ask,
    reason: str = "",
    key: str | None = None,
    seen: str | None = None,
    organization_id: int | None = None,
    also: Callable[[models.Change], None] | None = None,
    now: datetime,
) -> models.Change:
    """Send an operation to a device and return the change with its outcome.

    A second call with the same `key` and operation returns the first call's change. `seen` is the fingerprint
    of the plan that the page showed: if the device has another one now, nothing is sent. Staff act for
    `organization_id`, where it is given, and must give a reason. `also` runs in the transaction that writes
    the change, and undoes it by raising.

    Raises permission.ChangeNotPermitted, permission.NoReason, quota.TooOften, Busy and KeyReused, before
    anything is written or sent.
    """
    decision = permission.decide(
        actor=actor, device=device, operation=asked, organization_id=organization_id, reason=reason, now=now
    )
    read_back.settle_stuck(changes=models.Change.objects.filter(device=device), now=now)
    change = models.Change(
        device=device,
        site=device.site,
        actor=actor,
        actor_label=permission.label(actor, decision.consent),
        consent=decision.consent,
        kind=asked.kind,
        asked=asked.to_json(),
        reason=reason.strip()[: permission.LONGEST_REASON],
        made_at=now,
        key=key or None,
    )
    kept, is_new = _write(change, asked, also, now)
    if is_new:
        with calls.of_site(kept.site, now=now) as api_calls:
            _Execution(kept, asked, decision, _clock(now), api_calls.append).run(seen)
    return kept


def _write(
    change: models.Change,
    asked: operations.Ask,
    also: Callable[[models.Change], None] | None,
    now: datetime,
) -> tuple[models.Change, bool]:
    try:
        with transaction.atomic(durable=True):
            change.save(force_insert=True)
            quota.check(change=change, asked=asked, now=now)
            finalize.record_event(change=change, name=names.Name.CHANGE_ASKED, now=now)
            if also is not None:
                also(change)
    except IntegrityError:
        earlier = models.Change.objects.filter(actor=change.actor, key=change.key or "").first()
        if earlier is None:
            raise Busy from None
    else:
        return change, True
    if (earlier.kind, earlier.asked, earlier.device_id) != (change.kind, change.asked, change.device_id):
        raise KeyReused
    return earlier, False


class _Execution:
    def __init__(
        self,
        change: models.Change,
        operation: operations.Ask,
        decision: policy.Decision,
        clock: Callable[[], datetime],
        listener: api.Listener,
    ) -> None:
        assert decision.connection is not None  # a decision to allow has one
        self.change, self.operation, self.clock = change, operation, clock
        self.connection, self.listener = decision.connection, listener
        self.device = change.device

    def run(self, seen: str | None) -> None:
        limit_w = self.device.power_limit_w
        fault = operations.fault_of(
            self.operation, now=self.clock(), limit_w=limit_w, words=clients.plan_words()
        )
        if fault:
            return self._settle(outcomes.REFUSED, fault)
        try:
            client = clients.for_connection(self.connection, listener=self.listener)
        except clients.AccessPathError as error:
            return self._settle_unreachable(error)
        may_read = self.operation.reading_scope in self.connection.scope_set
        # The plan as stored when the page was opened; the read below writes over it.
        shown = None if seen is None else state.plan_of(state.last_read(self.device))
        before = self._read(client) if may_read else None
        self._store_before(before)
        stop = _changed_since(seen, shown, before, self.clock())
        if stop:
            return self._settle(*stop)
        return self._send(client, may_read)

    def _send(self, client: gridshare.Client, may_read: bool) -> None:
        refusal = permission.refusal_of(self.change, self.operation, now=self.clock())
        if refusal:
            return self._settle(outcomes.REFUSED, refusal)
        rest = operations.what_differs(self.operation, self.change.before or {})
        if rest is None:
            return self._settle(outcomes.CONFIRMED, ALREADY_SO)
        if not self._mark_sent():  # settled meanwhile as stuck, or the consent ended
            ended = outcomes.Outcome(name=outcomes.REFUSED, sentence=permission.ACCESS_ENDED)
            finalize.settle(change=self.change, outcome=ended, now=self.clock(), sent_at=None)
            return None
        try:
            send(client, self.device.synth_id, rest)
        except errors.GridshareError as error:
            return self._end(outcomes.of_sending(error))
        except clients.AccessPathError as error:
            return self._settle_unreachable(error)
        return self._read_back(client, may_read)

    def _read_back(self, client: gridshare.Client, may_read: bool) -> None:
        accepted_at, change = self.clock(), self.change
        models.Change.objects.filter(pk=change.pk).update(accepted_at=accepted_at)
        change.accepted_at = accepted_at
        read = self._read(client) if may_read else None
        if read is not None and not outcomes.agrees(self.operation.wanted, read, now=self.clock()):
            # A write may take a moment to show in what the device reports.
            time.sleep(SECOND_READ_S)
            read = self._read(client) or read
        sent = outcomes.Sent(at=accepted_at, was_accepted=True)
        outcome = outcomes.of_reading(self.operation.wanted, read, sent=sent, now=self.clock())
        self._end(outcome, after=None if read is None else operations.kept(self.operation, read))

    def _read(self, client: gridshare.Client) -> outcomes.Read | None:
        at = self.clock()
        try:
            read = self.operation.look(client.within(state.DEADLINE_S), self.device.synth_id)
        except clients.FAILURES:
            return None
        state.store(device=self.device, read=read, now=at)
        return read

    def _store_before(self, read: outcomes.Read | None) -> None:
        operation, device = self.operation, self.device
        known = _stored(operation, device) if read is None else operations.kept(operation, read)
        models.Change.objects.filter(pk=self.change.pk).update(before=known)
        self.change.before = known

    def _mark_sent(self) -> bool:
        """Mark the change as sent, unless it was settled or its consent ended meanwhile: never send late."""
        sent_at = self.clock()
        mine = models.Change.objects.filter(pk=self.change.pk, outcome=outcomes.OPEN, sent_at=None)
        if self.change.consent_id is not None:
            mine = mine.filter(consent__in=policy.holding(now=sent_at).order_by().values("pk"))
        if mine.update(sent_at=sent_at):
            self.change.sent_at = sent_at
            return True
        self.change.refresh_from_db()
        return False

    def _settle_unreachable(self, error: clients.AccessPathError) -> None:
        if isinstance(error, clients.NoAccessPath):
            name, sentence = outcomes.REFUSED, f"{error} Nothing was changed."
        else:
            name, sentence = outcomes.FAILED, f"{error} {outcomes.NEVER_SENT}"
        self._end(outcomes.Outcome(name=name, sentence=sentence, was_sent=False))

    def _settle(self, name: str, sentence: str) -> None:
        self._end(outcomes.Outcome(name=name, sentence=sentence))

    def _end(self, outcome: outcomes.Outcome, *, after: operations.Kept | None = None) -> None:
        finalize.settle(change=self.change, outcome=outcome, now=self.clock(), after=after)


def send(client: gridshare.Client, synth_id: str, operation: operations.Ask) -> None:
    """Send a change to the device, once; raises gridshare.errors.GridshareError."""
    if isinstance(operation, operations.AskMode):
        client.set_device_operation_mode(synth_id, mode=operation.mode)
    elif isinstance(operation, operations.AskPlan):
        client.set_device_overlay_plan(synth_id, plan=operation.plan)
    else:
        client.patch_device(synth_id, changes=operation.changes)


def _changed_since(
    seen: str | None, shown: types.Plan | None, before: outcomes.Read | None, now: datetime
) -> tuple[str, str] | None:
    """Return the outcome and sentence where the plan is not the one that the visitor saw, or None.

    Commands of the stored plan that have ended since then are no difference.
    """
    if seen is None:
        return None
    if not isinstance(before, types.Plan):
        return outcomes.FAILED, outcomes.NOT_LOOKED
    stored = shown or rules.NO_PLAN
    is_shown = seen == rules.fingerprint(stored) and outcomes.unchanged(stored, before, now=now)
    if is_shown or seen == rules.fingerprint(before):
        return None
    return outcomes.REFUSED, outcomes.PLAN_CHANGED


def _stored(operation: operations.Ask, device: sites.Device) -> operations.Kept | None:
    if isinstance(operation, operations.AskDetails):
        return {name: getattr(device, name) for name in operation.changes}
    known = state.last_read(device)
    if isinstance(operation, operations.AskMode):
        return {"mode": known.mode} if known.mode_read_at else None
    return known.plan


def _clock(now: datetime) -> Callable[[], datetime]:
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)
