"""Say of a change who asked for what, what was before, what became of it and when: a receipt.

The outcome's word is control's; here are the glyph, the title and the plain words for what a
mode, a plan or a device's details are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from gridshare_portal.control import models as control
from gridshare_portal.control.plans import fields, rules
from gridshare_portal.gridshare import types
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.templatetags import energy

OUTCOMES = {
    "open": ("info", "wait", "Under way"),
    "confirmed": ("good", "good", "Confirmed"),
    "contradicted": ("bad", "bad", "The device says otherwise"),
    "unconfirmed": ("attention", "wait", "Not confirmed yet"),
    "refused": ("attention", "attention", "Refused"),
    "failed": ("attention", "attention", "Did not take"),
    "overtaken": ("info", "closed", "Overtaken"),
}
NOT_SENT, STAYS_UNCONFIRMED = "Not sent", "Not confirmed"
KINDS = {"mode": "Mode", "plan": "Plan", "details": "Details"}
ACTIONS = dict(fields.ACTIONS)
DETAILS = {"manufacturer": "Maker", "model": "Model", "serial_number": "Serial number"}


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One change as a page shows it."""

    change: control.Change
    what: str
    device: str
    who: str
    proposed_by: str
    before: str
    asked: str
    after: str
    state: str
    glyph: str
    title: str
    steps: tuple[tuple[str, datetime], ...]
    is_open: bool


def receipt_of(change: control.Change, *, reader: viewer.Reader, zone: ZoneInfo, now: datetime) -> Receipt:
    """Return the receipt of a change, as this person reads it."""
    state, glyph, _title = OUTCOMES.get(change.outcome, ("info", "info", ""))
    title = title_of(change)
    moments = (change.made_at, change.sent_at, change.accepted_at, change.settled_at)
    steps = zip(("Asked", "Sent", "Accepted by Lunar", title), moments, strict=True)
    proposal = getattr(change, "proposal", None)
    return Receipt(
        change=change,
        what=KINDS.get(change.kind, change.kind),
        device=presenter.title(change.device),
        who=who(change, reader),
        proposed_by=proposer(proposal, reader) if proposal else "",
        before=worded(change.kind, change.before, zone=zone, now=now),
        asked=worded(change.kind, change.asked, zone=zone, now=now),
        after=worded(change.kind, change.after, zone=zone, now=now),
        state=state,
        glyph=glyph,
        title=title,
        steps=tuple((name, at) for name, at in steps if at),
        is_open=change.outcome == "open" or change.read_again_at is not None,
    )


def title_of(change: control.Change) -> str:
    """Say in a few words what became of a change, and no more of it than is known."""
    if change.outcome == "failed" and change.sent_at is None:
        return NOT_SENT
    if change.outcome == "unconfirmed" and change.read_again_at is None:
        return STAYS_UNCONFIRMED
    return OUTCOMES[change.outcome][2] if change.outcome in OUTCOMES else change.outcome


def who(change: control.Change, reader: viewer.Reader) -> str:
    """Say who asked for a change, as this reader may know it."""
    by = change.consent.organization_id if change.consent else None
    return reader.names(change.actor_id, change.actor_label or "Somebody", by=by)


def proposer(proposal: control.Proposal, reader: viewer.Reader) -> str:
    """Say who proposed a change, as this reader may know it."""
    by = proposal.consent.organization_id
    return reader.names(proposal.proposed_by_id, proposal.proposer_label, by=by)


def worded(kind: str, said: Mapping[str, object] | None, *, zone: ZoneInfo, now: datetime) -> str:
    """Say what a mode, a plan or a device's details are; a dash where nobody knows."""
    if not said:
        return energy.UNKNOWN
    if kind == "mode":
        return str(said.get("mode") or energy.UNKNOWN)
    if kind == "plan":
        kept = cast("rules.KeptPlan", said)  # JSON of a row, whose kind says which form it has
        plan = rules.from_json(kept)
        steps = [command_worded(one, zone=zone, now=now) for one in plan.commands]
        return "; ".join([*steps, *([unread(plan)] if plan.unusable else [])]) or "No plan"
    named = [(DETAILS.get(name, name), value) for name, value in said.items()]
    return ", ".join(f"{name}: {value or energy.UNKNOWN}" for name, value in named)


def unread(plan: types.Plan) -> str:
    """Say how many steps of a plan could not be read, without a full stop."""
    count = len(plan.unusable)
    return f"{count} step{'' if count == 1 else 's'} that could not be read"


def command_worded(command: types.Command, *, zone: ZoneInfo, now: datetime) -> str:
    """Say one command of a plan: what, from when to when, at most how much.

    Days are named as seen from `now`; an end on the day of its start is named by the clock alone.
    """
    action = ACTIONS.get(command.action, command.action)
    start, ends = energy.moment(command.start, zone, now), command.end.astimezone(zone)
    clock, today = f"{ends:%H:%M}", now.astimezone(zone).date()
    if ends.date() == command.start.astimezone(zone).date():
        end = clock
    else:
        end = f"today, {clock}" if ends.date() == today else energy.moment(command.end, zone, now)
    limit = f", at most {energy.power(command.power_limit_w)}" if command.power_limit_w is not None else ""
    return f"{action} {start} to {end}{limit}"
