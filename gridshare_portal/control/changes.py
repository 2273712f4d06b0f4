"""The command gateway: the one way in which anything is written to a device.

Ask whether it is permitted; write the wish and its event in one transaction; look at the device; send once;
look again; settle. No network call happens inside a transaction. A write whose reply was lost is never sent
again: `looks` reads it back until it is known what happened. Staff act by a consent: it is asked for again
in the very statement that marks a change as sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names
from gridshare_portal.control import finalize, models, operations, outcomes, permission, read_back, state
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types
from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.sites import calls, clients
from gridshare_portal.sites import models as sites

SECOND_LOOK_S = 1.0
ALREADY_SO = "The device's details are already like this, so nothing was sent."


class Busy(Exception):
    """Another change of this device is on its way."""

    reason = "Another change of this device is on its way. Wait for it, then try again."


class KeyReused(Exception):
    """The same form came twice with different wishes."""

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
    """Carry a wish to a device, and return it with what became of it.

    The same `key` with the same wish returns the change that is already there. `seen` is the fingerprint of
    the plan that the visitor looked at: if the device has another one by now, nothing is sent. Staff act for
    the organization named, and have to say why. `also` is done in the transaction that writes the wish, and
    undoes it by raising.
    """
    answer = permission.ask(
        actor=actor, device=device, asked=asked, organization_id=organization_id, reason=reason, now=now
    )
    read_back.settle_stuck(changes=models.Change.objects.filter(device=device), now=now)
    wish = models.Change(
        device=device,
        site=device.site,
        actor=actor,
        actor_label=permission.label(actor, answer.consent),
        consent=answer.consent,
        kind=asked.kind,
        asked=asked.to_json(),
        reason=reason.strip()[: permission.LONGEST_REASON],
        made_at=now,
        key=key or None,
    )
    change, is_new = _write(wish, also, now)
    if is_new:
        with calls.of_site(change.site, now=now) as heard:
            _Execution(change, asked, answer, _clock(now), heard.append).run(seen)
    return change


def _write(
    change: models.Change, also: Callable[[models.Change], None] | None, now: datetime
) -> tuple[models.Change, bool]:
    try:
        with transaction.atomic(durable=True):
            change.save(force_insert=True)
            finalize.tell(change=change, name=names.Name.CHANGE_ASKED, now=now)
            if also is not None:
                also(change)
    except IntegrityError:
        earlier = _of_key(change)
        if earlier is None:
            raise Busy from None
    else:
        return change, True
    if (earlier.kind, earlier.asked, earlier.device_id) != (change.kind, change.asked, change.device_id):
        raise KeyReused
    return earlier, False


def _of_key(change: models.Change) -> models.Change | None:
    if change.key is None:
        return None
    return models.Change.objects.filter(actor=change.actor, key=change.key).first()


class _Execution:
    """One wish on its way."""

    def __init__(
        self,
        change: models.Change,
        asked: operations.Ask,
        answer: policy.Decision,
        clock: Callable[[], datetime],
        listener: api.Listener,
    ) -> None:
        assert answer.connection is not None  # whoever is allowed to change a device goes through one
        self.change, self.asked, self.clock = change, asked, clock
        self.connection, self.listener = answer.connection, listener
        self.device = change.device

    def run(self, seen: str | None) -> None:
        """Go all the way, and settle the change wherever the way ends."""
        fault = self._fault()
        if fault:
            return self._settle(outcomes.REFUSED, fault)
        try:
            client = clients.for_connection(self.connection, listener=self.listener)
        except clients.WayError as closed:
            return self._shut_out(closed)
        may_look = self.asked.reading_scope in self.connection.scope_set
        # What the visitor saw has to be read before the look writes over it.
        shown = None if seen is None else state.plan_of(state.last_read(self.device))
        before = self._look(client) if may_look else None
        self._keep_before(before)
        stop = _changed_since(seen, shown, before, self.clock())
        if stop:
            return self._settle(*stop)
        return self._send(client, may_look)

    def _send(self, client: gridshare.Client, may_look: bool) -> None:
        refusal = permission.refusal_of(self.change, self.asked, now=self.clock())
        if refusal:
            return self._settle(outcomes.REFUSED, refusal)
        wish = operations.what_differs(self.asked, self.change.before or {})
        if wish is None:
            return self._settle(outcomes.CONFIRMED, ALREADY_SO)
        if not self._mark_sent():
            return self._settle_unsent()
        try:
            send(client, self.device.synth_id, wish)
        except errors.GridshareError as error:
            return self._end(outcomes.of_sending(error))
        except clients.WayError as closed:
            return self._shut_out(closed)
        return self._look_back(client, may_look)

    def _look_back(self, client: gridshare.Client, may_look: bool) -> None:
        read = self._look(client) if may_look else None
        if read is not None and not outcomes.agrees(self.asked.wanted, read, now=self.clock()):
            # What was just written may take a moment to show.
            time.sleep(SECOND_LOOK_S)
            read = self._look(client) or read
        outcome = outcomes.of_reading(self.asked.wanted, read, now=self.clock())
        self._end(outcome, after=None if read is None else operations.kept(self.asked, read))

    def _look(self, client: gridshare.Client) -> outcomes.Read | None:
        at = self.clock()
        try:
            read = self.asked.look(client.within(state.DEADLINE_S), self.device.synth_id)
        except (errors.GridshareError, clients.WayError):
            return None
        state.store(device=self.device, read=read, now=at)
        return read

    def _fault(self) -> str:
        if not isinstance(self.asked, operations.AskPlan):
            return ""
        return rules.fault_of(self.asked.plan, now=self.clock(), limit_w=self.device.power_limit_w)

    def _keep_before(self, read: outcomes.Read | None) -> None:
        """Keep what the device said, or else what was last known of it."""
        known = _stored(self.asked, self.device) if read is None else operations.kept(self.asked, read)
        models.Change.objects.filter(pk=self.change.pk).update(before=known)
        self.change.before = known

    def _mark_sent(self) -> bool:
        """Mark the change as sent, unless it was given up or its consent ended meanwhile; never send late."""
        sent_at = self.clock()
        mine = models.Change.objects.filter(pk=self.change.pk, outcome=outcomes.OPEN, sent_at=None)
        if self.change.consent_id is not None:
            mine = mine.filter(consent__in=policy.holding(now=sent_at).order_by().values("pk"))
        if mine.update(sent_at=sent_at):
            self.change.sent_at = sent_at
            return True
        self.change.refresh_from_db()
        return False

    def _settle_unsent(self) -> None:
        """Settle what was not marked as sent; what was given up meanwhile is settled already."""
        ended = outcomes.Outcome(name=outcomes.REFUSED, sentence=permission.ACCESS_ENDED)
        finalize.settle(change=self.change, outcome=ended, now=self.clock(), sent_at=None)

    def _shut_out(self, closed: clients.WayError) -> None:
        if isinstance(closed, clients.NoAccessPath):
            self._settle(outcomes.REFUSED, f"{closed} Nothing was changed.")
        else:
            self._settle(outcomes.FAILED, f"{closed} {outcomes.NEVER_SENT}")

    def _settle(self, name: str, sentence: str) -> None:
        self._end(outcomes.Outcome(name=name, sentence=sentence))

    def _end(self, outcome: outcomes.Outcome, *, after: operations.Kept | None = None) -> None:
        finalize.settle(change=self.change, outcome=outcome, now=self.clock(), after=after)


def send(client: gridshare.Client, synth_id: str, asked: operations.Ask) -> None:
    """Write to the device; the only place in the portal that does."""
    if isinstance(asked, operations.AskMode):
        client.set_device_operation_mode(synth_id, mode=asked.mode)
    elif isinstance(asked, operations.AskPlan):
        client.set_device_overlay_plan(synth_id, plan=asked.plan)
    else:
        client.patch_device(synth_id, changes=asked.changes)


def _changed_since(
    seen: str | None, shown: types.Plan | None, before: outcomes.Read | None, now: datetime
) -> tuple[str, str] | None:
    """Return how to end because the plan is another one than the visitor saw, or None to go on.

    The visitor saw what was stored; that commands of it have ended since is no change.
    """
    if seen is None:
        return None
    if not isinstance(before, types.Plan):
        return outcomes.FAILED, outcomes.NOT_LOOKED
    stored = shown or rules.NO_PLAN
    is_shown = seen == rules.fingerprint(stored) and outcomes.same_plan(stored, before, now=now)
    if is_shown or seen == rules.fingerprint(before):
        return None
    return outcomes.REFUSED, outcomes.PLAN_CHANGED


def _stored(asked: operations.Ask, device: sites.Device) -> operations.Kept | None:
    if isinstance(asked, operations.AskDetails):
        return {name: getattr(device, name) for name in asked.changes}
    known = state.last_read(device)
    if isinstance(asked, operations.AskMode):
        return {"mode": known.mode} if known.mode_read_at else None
    return known.plan


def _clock(now: datetime) -> Callable[[], datetime]:
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)
