"""Say of a proposal who proposes what and why, what it would change, until when, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gridshare_portal.control import models as control
from gridshare_portal.control import queries
from gridshare_portal.control import state as states
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.control import receipts
from gridshare_portal.homeowner.devices import presenter
from gridshare_portal.sites import models as sites

LATEST = 3
STATES = {
    "open": ("info", "wait", "Waits for an answer"),
    "approved": ("good", "good", "Approved"),
    "declined": ("attention", "attention", "Declined"),
    "withdrawn": ("info", "info", "Withdrawn"),
    proposals.EXPIRED: ("attention", "attention", "Not answered in time"),
    proposals.NO_ACCESS: ("attention", "attention", "No longer possible"),
}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One proposal as a page shows it."""

    proposal: control.Proposal
    what: str
    device: str
    who: str
    asked: str
    is_open: bool
    state: str
    glyph: str
    title: str
    sentence: str


def worded(proposal: control.Proposal, *, reader: viewer.Reader, now: datetime) -> Offer:
    """Return a proposal as this person reads it."""
    answer = proposals.state_of(
        proposal.answer, holds=proposal.holds, expires_at=proposal.expires_at, now=now
    )
    state, glyph, title = STATES[answer]
    return Offer(
        proposal=proposal,
        what=receipts.KINDS.get(proposal.kind, proposal.kind),
        device=presenter.title(proposal.device),
        who=receipts.proposer(proposal, reader),
        asked=receipts.worded(proposal.kind, proposal.asked, zone=proposal.site.zone, now=now),
        is_open=answer == control.Proposal.Answer.OPEN,
        state=state,
        glyph=glyph,
        title=title,
        sentence=proposals.OVER.get(answer, "").format(proposal.consent.organization),
    )


def latest(site: sites.Site, *, reader: viewer.Reader, now: datetime) -> list[Offer]:
    """Return what a homeowner is to answer, or what staff proposed last."""
    if reader.is_staff:
        rows = queries.proposals_in([site], now=now).filter(consent__organization=reader.organization_id)
    elif site.proposal_waits:
        rows = queries.waiting_of(site, now=now)
    else:
        return []
    return [worded(row, reader=reader, now=now) for row in rows[:LATEST]]


def before(proposal: control.Proposal, *, now: datetime) -> str:
    """Say what is so now, or was before the change was made."""
    said: Mapping[str, object] | None
    if proposal.change is not None:
        said = proposal.change.before
    elif proposal.kind == control.Change.Kind.DETAILS:
        said = {name: getattr(proposal.device, name) for name in proposal.asked}
    else:
        known = states.last_read(proposal.device)
        is_mode = proposal.kind == control.Change.Kind.MODE
        said = {"mode": known.mode} if is_mode else known.plan
    return receipts.worded(proposal.kind, said, zone=proposal.site.zone, now=now)
