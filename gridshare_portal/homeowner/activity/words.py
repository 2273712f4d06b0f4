"""Sentences about what others did in a home, for its residents.

Pure: one audit event in, one line out. Pages and reasons are named as staff chose them; staff's own text is
kept apart from ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gridshare_portal.access import consents, visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import downloads
from gridshare_portal.audit import models as audit
from gridshare_portal.audit.names import Name
from gridshare_portal.homeowner.control import receipts

KINDS = {"mode": "the mode", "plan": "the plan", "details": "a device’s details"}
OUTCOMES = {
    "confirmed": "the device confirmed it",
    "contradicted": "the device went on reporting something else",
    "overtaken": "overtaken by a later change",
    "unconfirmed": "not confirmed yet",
    "refused": "refused",
    "failed": "it failed, and nothing was changed",
}
ENDS = {
    consents.REPLACED: "replaced what was shared with {} before",
    consents.DISCONNECTED: "stopped sharing this home with {}: its connection to Lunar was ended",
    consents.DELETED: "stopped sharing this home with {}: the account or the organization is gone",
}


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One action: by whom, for which organization, and why."""

    at: datetime
    actor_id: int | None
    who: str
    organization: str
    is_staff: bool
    what: str
    reason: str
    words: str
    glyph: str

    @property
    def because(self) -> tuple[object, ...]:
        """Return what lines of one visit, or of one homeowner's feed, have in common."""
        return (self.actor_id, self.who, self.on_behalf, self.reason, self.words)

    @property
    def on_behalf(self) -> str:
        """Return the organization that staff acted for; empty for a homeowner."""
        return self.organization if self.is_staff else ""


# Returns the verb and the rest of the sentence for an event, from the event and its details.
Saying: TypeAlias = Callable[[audit.Event, Mapping[str, object], ZoneInfo, datetime], str]

WITH_WHAT = "their names and what they told last"
AGAIN = "asked for the home to be connected to Lunar again"  # the only such event that names a home
AS_PROPOSED = ", as {organization} proposed"


def line(
    event: audit.Event, *, organization: str, user: accounts.User, zone: ZoneInfo, now: datetime
) -> LogLine:
    """Return an event's line as this homeowner reads it."""
    details = event.details if isinstance(event.details, dict) else {}
    say, glyph = SENTENCES.get(event.name, (as_named, "info"))
    reason = str(details.get("reason") or "")
    is_change = event.name in CHANGES
    name = organization or str(details.get("organization") or "")
    return LogLine(
        at=event.at,
        actor_id=event.actor_id,
        who="You" if event.actor_id == user.pk else event.actor_label or "The portal",
        organization=name,
        is_staff=event.name not in BY_HOMEOWNERS,
        what=say(event, {**details, "organization": name or "somebody"}, zone, now),
        reason="" if is_change else visits.REASONS.get(reason, reason),
        words=reason if is_change else str(details.get("words") or ""),
        glyph=glyph,
    )


def as_named(event: audit.Event, *_rest: object) -> str:
    return Name(event.name).label if event.name in Name.values else event.name


def _always(sentence: str) -> Saying:
    return lambda *_event: sentence


def _page(verb: str) -> Saying:
    def say(_event: audit.Event, details: Mapping[str, object], *_when: object) -> str:
        page = str(details.get("page") or "")
        return f"{verb} {visits.PAGES.get(page, page) or 'a page'}"

    return say


def _table(_event: audit.Event, details: Mapping[str, object], *_when: object) -> str:
    if details.get("table") == downloads.HOMES and details.get("filter") == "none":
        return f"downloaded a table of all homes that are shared with {details['organization']}: {WITH_WHAT}"
    needs_help = details.get("table") == downloads.WORK_LIST
    which = "that need help" if needs_help else f"shared with {details['organization']}"
    return f"downloaded a table of some homes {which}; this home may be among them: {WITH_WHAT}"


def _given(_event: audit.Event, details: Mapping[str, object], *_when: object) -> str:
    may = "see and change it" if details.get("right") == "control" else "see it"
    asks = ", asking before every change" if details.get("ask_first") else ""
    lasts = f" {details['lasts']}" if details.get("lasts") else ""
    return f"shared this home with {details['organization']}{lasts}: they may {may}{asks}"


def _ended(_event: audit.Event, details: Mapping[str, object], *_when: object) -> str:
    sentence = ENDS.get(str(details.get("how")), "stopped sharing this home with {}")
    return sentence.format(details["organization"])


def _change(verb: str, suffix: str = "") -> Saying:
    """Return a sentence about a change: the verb, what was to become what, and the filled-in suffix."""

    def say(_event: audit.Event, details: Mapping[str, object], zone: ZoneInfo, now: datetime) -> str:
        kind, asked = str(details.get("kind") or ""), details.get("asked")
        worded = receipts.worded(kind, asked, zone=zone, now=now) if isinstance(asked, dict) else ""
        outcome = str(details.get("outcome") or "")
        ending = suffix.format(organization=details["organization"], outcome=OUTCOMES.get(outcome, outcome))
        return f"{verb} {KINDS.get(kind, 'something')}{': ' if worded else ''}{worded}{ending}"

    return say


LOOKS: dict[str, tuple[Saying, str]] = {
    Name.SITE_OPENED: (_always("opened this home"), "door"),
    Name.SITE_VIEWED: (_page("looked at"), "eye"),
    Name.SITE_EXPORTED: (_page("downloaded"), "discharge"),
    Name.HOMES_EXPORTED: (_table, "discharge"),
    Name.ANSWER_ASKED: (as_named, "eye"),
    Name.ACCESS_ASKED: (_always(AGAIN), "link"),
}
CHANGES: dict[str, tuple[Saying, str]] = {
    Name.CHANGE_ASKED: (_change("asked to change"), "control"),
    Name.CHANGE_SETTLED: (_change("changed", " – {outcome}"), "control"),
    Name.CHANGE_REFUSED: (_change("was not allowed to change"), "control"),
    Name.CHANGE_PROPOSED: (_change("proposed to change"), "control"),
    Name.PROPOSAL_APPROVED: (_change("approved to change", AS_PROPOSED), "good"),
    Name.PROPOSAL_DECLINED: (_change("declined to change", AS_PROPOSED), "closed"),
    Name.PROPOSAL_WITHDRAWN: (_change("no longer proposes to change"), "control"),
}
CONSENTS: dict[str, tuple[Saying, str]] = {
    Name.CONSENT_GIVEN: (_given, "person"),
    Name.CONSENT_ENDED: (_ended, "person"),
}
BY_HOMEOWNERS = {*CONSENTS, Name.PROPOSAL_APPROVED, Name.PROPOSAL_DECLINED}
SENTENCES = {**LOOKS, **CHANGES, **CONSENTS}
