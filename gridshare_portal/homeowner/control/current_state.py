"""Say which mode and plan a home's batteries follow, as last read, and who set them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gridshare_portal.control import models as control
from gridshare_portal.control import operations, outcomes, queries
from gridshare_portal.control import state as states
from gridshare_portal.gridshare import types
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.control import modes, receipts
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.sites import models as sites
from gridshare_portal.templatetags import energy

DOING = {
    "charge": "Charging",
    "discharge": "Discharging",
    "hold": "Holding",
    "follow": "Following the home’s use",
}


def states_of(
    site: sites.Site, *, known: Sequence[control.State] | None = None, reader: viewer.Reader, now: datetime
) -> list[dict[str, object]]:
    """Return what each controllable device of a home follows, from their states if those were read."""
    lately = queries.set_lately(site)
    known = queries.battery_states_of(site) if known is None else known
    return [_control(state, site, _set_in_force(state, lately, now), reader, now) for state in known]


def of_device(
    device: sites.Device, site: sites.Site, *, reader: viewer.Reader, now: datetime
) -> dict[str, object]:
    """Return what one device of a home follows."""
    state = states.last_read(device)
    state.device = device  # read already
    return states_of(site, known=[state], reader=reader, now=now)[0]


def _set_in_force(
    state: control.State, lately: Sequence[control.Change], now: datetime
) -> control.Change | None:
    """Return the newest change whose mode or plan the device still has: what was set since is not ours."""
    newest: dict[str, control.Change] = {}
    for change in lately:
        if change.device_id == state.device_id:
            newest.setdefault(change.kind, change)
    in_force = [change for change in newest.values() if _is_in_force(change, state, now)]
    return max(in_force, key=lambda change: change.made_at, default=None)


def _is_in_force(change: control.Change, state: control.State, now: datetime) -> bool:
    asked = operations.from_json(change.kind, change.asked)
    if isinstance(asked, operations.AskMode):
        return state.mode_read_at is not None and asked.mode == state.mode
    plan = states.plan_of(state)
    if not isinstance(asked, operations.AskPlan) or plan is None:
        return False
    if outcomes.is_over(asked.plan, now=now):
        return False
    return outcomes.same_plan(asked.plan, plan, now=now)


def _control(
    state: control.State,
    site: sites.Site,
    last: control.Change | None,
    reader: viewer.Reader,
    now: datetime,
) -> dict[str, object]:
    explained = modes.explained(state.mode)
    return {
        "device": state.device,
        "title": presenter.title(state.device),
        "mode": state.mode,
        "mode_title": explained.name if state.mode_read_at else "Not read yet",
        "mode_sentence": explained.sentence if state.mode_read_at else "",
        "plan_sentence": plan_sentence(states.plan_of(state), mode=explained.name, site=site, now=now),
        "set_by": _set_by(last, site, reader, now),
        "read_at": state.mode_read_at,
        "answers": not state.last_error,
    }


def plan_sentence(plan: types.Plan | None, *, mode: str, site: sites.Site, now: datetime) -> str:
    """Say what a plan does now, or next, and what follows."""
    if plan is None:
        return "The plan has not been read yet."
    known = _known_sentence(plan, mode=mode, site=site, now=now)
    if not plan.unusable:
        return known
    return f"{known} The plan has {receipts.unread(plan)}, so nobody here knows all that it does.".lstrip()


def _known_sentence(plan: types.Plan, *, mode: str, site: sites.Site, now: datetime) -> str:
    coming = [command for command in plan.commands if command.end > now]
    if not coming:
        return "" if plan.unusable else "No plan: the battery follows its mode."
    current = coming[0]
    doing = DOING.get(current.action, current.action)
    if current.start > now:
        return f"Next by plan: {receipts.command_worded(current, zone=site.zone, now=now)}."
    until = energy.moment(current.end, site.zone, now)
    if plan.unusable:
        return f"{doing} by plan until {until}."
    back = "its mode" if mode == modes.NOT_KNOWN else mode
    return f"{doing} by plan until {until}{'' if len(coming) > 1 else f', then back to {back}'}."


def _set_by(change: control.Change | None, site: sites.Site, reader: viewer.Reader, now: datetime) -> str:
    if change is None:
        return ""
    who = receipts.who(change, reader)
    if who in ("You", "Somebody", "The homeowner", "Another organization"):
        who = who[0].lower() + who[1:]
    what = receipts.KINDS.get(change.kind, change.kind)
    is_cancel = change.kind == "plan" and not change.asked.get("commands")
    done = "canceled" if is_cancel else "set"
    return f"{what} {done} here by {who}, {energy.moment(change.made_at, site.zone, now)}."
