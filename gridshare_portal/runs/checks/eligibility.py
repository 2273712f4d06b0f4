"""Whether a home can take part in a bulk run, and if not, why, as a sentence for the admin. Pure.

It judges by what was last read; control.changes checks again what may change until the home is sent.
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
    "too_often": "Changed too often",
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
TOO_OFTEN = (
    "Your organization changed this battery very often, so it was left alone. Try it in an hour, or tomorrow."
)
BEFORE_UNKNOWN = "Nobody could look at the plan that was there before, so it cannot be put back."


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one home. An empty right is no consent; None was never read.

    `our_plan` is the plan that the organization set last, and `fault` what is wrong with the operation at
    this home, such as times that its clock skips.
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
    """Why a home is skipped, as a key of REASONS and a sentence; both are empty for one that takes part."""

    why: str = ""
    sentence: str = ""

    @property
    def is_eligible(self) -> bool:
        return not self.why


ELIGIBLE = Verdict()


def verdict_of(facts: Facts, operation: operations.Ask, *, now: datetime) -> Verdict:
    """Return whether a home takes part in a run with this operation.

    It must change something, and nothing that somebody else set.
    """
    verdict = _of_home(facts, operation, now)
    if not verdict.is_eligible:
        return verdict
    if isinstance(operation, operations.AskMode):
        known = facts.mode_read_at is not None and now - facts.mode_read_at <= KNOWN_FOR
        mode = types.Mode(name=facts.mode, raw=facts.mode)
        is_so = known and outcomes.agrees(operation.wanted, mode, now=now)
        return Verdict(why="already_so", sentence=ALREADY_SO) if is_so else ELIGIBLE
    if facts.plan is None:
        return ELIGIBLE
    known = facts.plan_read_at is not None and now - facts.plan_read_at <= KNOWN_FOR
    if known and outcomes.agrees(operation.wanted, facts.plan, now=now):
        return Verdict(why="already_so", sentence=ALREADY_SO)
    return of_plan(facts.plan, ours=facts.our_plan, now=now)


def of_plan(there: types.Plan, *, ours: types.Plan | None, now: datetime) -> Verdict:
    """Return whether this plan may be replaced: it is over, or the organization's own."""
    is_over = not there.unusable and all(command.end <= now for command in there.commands)
    if is_over or ours is not None and outcomes.same_plan(ours, there, now=now):
        return ELIGIBLE
    return Verdict(why="own_plan", sentence=OWN_PLAN)


def of_cancel(
    facts: Facts, operation: operations.Ask, *, before: types.Plan | None, now: datetime
) -> Verdict:
    """Return whether a home takes part in a canceling run; `our_plan` is what the canceled one set.

    The plan from before can be restored only in place of that one.
    """
    verdict = _of_home(facts, operation, now)
    if not verdict.is_eligible:
        return verdict
    if before is None or before.unusable:
        return Verdict(why="before_unknown", sentence=BEFORE_UNKNOWN)
    there = facts.plan
    if there is None or facts.our_plan is None or not outcomes.same_plan(facts.our_plan, there, now=now):
        return Verdict(why="changed_since", sentence=CHANGED_SINCE)
    return ELIGIBLE


def _of_home(facts: Facts, operation: operations.Ask, now: datetime) -> Verdict:
    obstacles = (  # the first that holds is the reason
        (not facts.right, "no_consent", NO_CONSENT),
        (facts.right != "control", "view_only", VIEW_ONLY),
        (facts.ask_first, "ask_first", ASK_FIRST),
        (not facts.is_connected, "connection_ended", CONNECTION_ENDED),
        (not {operation.scope, operation.reading_scope} <= facts.scopes, "no_scope", NO_SCOPE),
        (facts.batteries == 0, "no_battery", NO_BATTERY),
        (facts.batteries > 1, "several_batteries", SEVERAL),
        (facts.read_at is None or now - facts.read_at > STALE_AFTER, "stale", STALE),
        (facts.mode == "Unknown", "unknown_mode", UNKNOWN_MODE),
        (bool(facts.fault), "times", facts.fault),
        (facts.is_changing, "changing", CHANGING),
    )
    return next((Verdict(why=why, sentence=said) for holds, why, said in obstacles if holds), ELIGIBLE)
