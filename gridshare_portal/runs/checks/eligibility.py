"""Whether a home can take part in a bulk run, and if not, why, in one sentence for the admin. Pure.

It judges by what was last read. What can change until the home's turn comes, control.changes asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gridshare_portal.control import operations, outcomes
from gridshare_portal.gridshare import types

STALE_AFTER = timedelta(hours=24)
KNOWN_FOR = timedelta(hours=1)

REASONS = {
    "no_consent": "Not shared with you",
    "view_only": "Shared to see, not to change",
    "ask_first": "Wants to be asked first",
    "connection_ended": "Connection ended",
    "no_scope": "Permission missing at Lunar",
    "no_battery": "No battery",
    "several_batteries": "Several batteries",
    "stale": "Not read within a day",
    "unknown_mode": "Mode not known",
    "times": "Times do not fit",
    "changing": "A change is under way",
    "already_so": "Already so",
    "own_plan": "Has a plan of its own",
    "changed_since": "Changed since the run",
    "before_unknown": "Nobody knows what was before",
    "stopped": "Run stopped before its turn",
}

NO_CONSENT = "The homeowner does not share this home with you, or no longer."
VIEW_ONLY = "The homeowner lets you see this home, not change it."
ASK_FIRST = "The homeowner wants to be asked before every change. Propose it instead."
CONNECTION_ENDED = "The homeowner’s connection to Lunar has ended. Only the homeowner can renew it."
NO_SCOPE = "The homeowner’s connection to Lunar does not include this permission."
NO_BATTERY = "There is no battery in this home that takes modes or plans."
SEVERAL = "This home has several batteries. Change them one by one on the home’s page."
STALE = "Nothing was read through this home’s connection within a day, so nobody knows how it stands."
UNKNOWN_MODE = "The battery does not say which mode it is in, so nothing could be confirmed."
CHANGING = "Another change of this battery is on its way."
ALREADY_SO = "The battery is like this already."
OWN_PLAN = "The battery follows a plan that is not yours. It was left alone."
CHANGED_SINCE = "The plan is no longer the one that the run set, so it was left alone."
CHOSEN_SINCE = "The homeowner chose a mode after the homes were checked, so it was left alone."
BEFORE_UNKNOWN = "Nobody could look at the plan that was there before, so it cannot be put back."


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one home. Where the right is empty there is no consent; None was never read.

    `our_plan` is what the organization itself set last, and `fault` what is wrong with the wish at this
    home, such as times that its clock does not show.
    """

    right: str = ""
    ask_first: bool = False
    is_connected: bool = False
    scopes: frozenset[str] = frozenset()
    batteries: int = 0
    read_at: datetime | None = None
    mode: str = ""
    mode_read_at: datetime | None = None
    plan: types.Plan | None = None
    plan_read_at: datetime | None = None
    our_plan: types.Plan | None = None
    is_changing: bool = False
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Why a home is skipped, as a word and a sentence; both are empty for one that takes part."""

    why: str = ""
    sentence: str = ""

    @property
    def is_eligible(self) -> bool:
        """Say whether the home takes part."""
        return not self.why


ELIGIBLE = Verdict()


def of_access(facts: Facts, *, needs: frozenset[str]) -> Verdict:
    """Return whether the homeowner and Lunar let the organization change this home."""
    if not facts.right:
        return Verdict(why="no_consent", sentence=NO_CONSENT)
    if facts.right != "control":
        return Verdict(why="view_only", sentence=VIEW_ONLY)
    if facts.ask_first:
        return Verdict(why="ask_first", sentence=ASK_FIRST)
    if not facts.is_connected:
        return Verdict(why="connection_ended", sentence=CONNECTION_ENDED)
    if not needs <= facts.scopes:
        return Verdict(why="no_scope", sentence=NO_SCOPE)
    return ELIGIBLE


def of_home(facts: Facts, *, now: datetime) -> Verdict:
    """Return whether there is one battery that can be changed now, and enough is known of it."""
    if facts.batteries == 0:
        return Verdict(why="no_battery", sentence=NO_BATTERY)
    if facts.batteries > 1:
        return Verdict(why="several_batteries", sentence=SEVERAL)
    if facts.read_at is None or now - facts.read_at > STALE_AFTER:
        return Verdict(why="stale", sentence=STALE)
    if facts.mode == "Unknown":
        return Verdict(why="unknown_mode", sentence=UNKNOWN_MODE)
    if facts.fault:
        return Verdict(why="times", sentence=facts.fault)
    if facts.is_changing:
        return Verdict(why="changing", sentence=CHANGING)
    return ELIGIBLE


def of_wish(facts: Facts, asked: operations.Ask, *, now: datetime) -> Verdict:
    """Return whether the wish would change anything, and nothing that somebody else set up."""
    if isinstance(asked, operations.AskMode):
        known = facts.mode_read_at is not None and now - facts.mode_read_at <= KNOWN_FOR
        is_so = known and outcomes.agrees(asked.wanted, types.Mode(name=facts.mode, raw=facts.mode), now=now)
        return Verdict(why="already_so", sentence=ALREADY_SO) if is_so else ELIGIBLE
    if facts.plan is None:
        return ELIGIBLE
    known = facts.plan_read_at is not None and now - facts.plan_read_at <= KNOWN_FOR
    if known and outcomes.agrees(asked.wanted, facts.plan, now=now):
        return Verdict(why="already_so", sentence=ALREADY_SO)
    return of_plan(facts.plan, ours=facts.our_plan, now=now)


def of_plan(there: types.Plan, *, ours: types.Plan | None, now: datetime) -> Verdict:
    """Return whether the plan that is there may be replaced: it is over, or the organization's own."""
    is_over = all(command.end <= now for command in there.commands)
    if is_over or ours is not None and outcomes.same_plan(ours, there, now=now):
        return ELIGIBLE
    return Verdict(why="own_plan", sentence=OWN_PLAN)


def of_undoing(facts: Facts, before: types.Plan | None, *, now: datetime) -> Verdict:
    """Return whether what was there before a run can be put back: only in place of what the run set."""
    if before is None:
        return Verdict(why="before_unknown", sentence=BEFORE_UNKNOWN)
    there = facts.plan
    if there is None or facts.our_plan is None or not outcomes.same_plan(facts.our_plan, there, now=now):
        return Verdict(why="changed_since", sentence=CHANGED_SINCE)
    return ELIGIBLE


def verdict_of(facts: Facts, asked: operations.Ask, *, now: datetime) -> Verdict:
    """Return whether a home takes part in a run that asks this of it."""
    verdict = _of_standing(facts, asked, now)
    return of_wish(facts, asked, now=now) if verdict.is_eligible else verdict


def of_cancel(facts: Facts, asked: operations.Ask, *, before: types.Plan | None, now: datetime) -> Verdict:
    """Return whether a home takes part in a run that takes another back; `our_plan` is what that one set."""
    verdict = _of_standing(facts, asked, now)
    return of_undoing(facts, before, now=now) if verdict.is_eligible else verdict


def _of_standing(facts: Facts, asked: operations.Ask, now: datetime) -> Verdict:
    verdict = of_access(facts, needs=frozenset({asked.scope, asked.reading_scope}))
    return of_home(facts, now=now) if verdict.is_eligible else verdict
