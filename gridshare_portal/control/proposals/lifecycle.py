"""Proposals by staff and the homeowner's answer; an approved one becomes a change in the homeowner's name.

A proposal can be approved while the access of whoever made it holds and until it expires. It is answered once
and becomes at most one change, also under concurrent requests.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names, record
from gridshare_portal.celery import wake
from gridshare_portal.control import changes, models, operations, permission, queries, quota
from gridshare_portal.control.plans import rules
from gridshare_portal.sites import clients
from gridshare_portal.sites import models as sites

LASTS = timedelta(hours=24)
EXPIRED, NO_ACCESS = "expired", "no access"
Answer = models.Proposal.Answer

ANSWERS = {
    names.Name.PROPOSAL_APPROVED: Answer.APPROVED,
    names.Name.PROPOSAL_DECLINED: Answer.DECLINED,
    names.Name.PROPOSAL_WITHDRAWN: Answer.WITHDRAWN,
}

LOOKERS = "Your role lets you look, not propose."
OWNERS_ONLY = "Only whoever lives here can answer a proposal."
NOT_COLLEAGUES = "Only the people who proposed this can withdraw it."
OVER = {
    Answer.APPROVED: "This was approved already, and is done once.",
    Answer.DECLINED: "This was declined already.",
    Answer.WITHDRAWN: "{} has withdrawn this proposal.",
    EXPIRED: "The time to answer this has passed. {} can propose it again.",
    NO_ACCESS: "{} no longer has access to this home, so this can no longer be approved.",
}


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unfit(_Refused):
    """What is proposed cannot be done, or no longer; `reason` is a sentence."""


class Over(_Refused):
    """The proposal can no longer be answered; `reason` is a sentence."""


class Waiting(Exception):
    """The organization has an open proposal of this kind for this device."""

    reason = (
        "A proposal like this waits for the homeowner already. Withdraw it first, or wait for the answer."
    )


def state_of(answer: str, *, holds: bool, expires_at: datetime, now: datetime) -> str:
    """Return the state of a proposal: Answer.OPEN, its answer, EXPIRED or NO_ACCESS. Pure."""
    if answer != Answer.OPEN:
        return answer
    if now >= expires_at:
        return EXPIRED
    return answer if holds else NO_ACCESS


def expiry(asked: operations.Ask, *, consent_until_at: datetime | None, now: datetime) -> datetime:
    """Return until when a proposal can be approved: a day, cut by the consent's end and the plan's start.
    Pure.
    """
    ends = [now + LASTS, consent_until_at or now + LASTS]
    commands = asked.plan.commands if isinstance(asked, operations.AskPlan) else ()
    return min([*ends, *(command.start + rules.LATE_AT_MOST for command in commands)])


def propose(
    *,
    actor: accounts.User,
    device: sites.Device,
    asked: operations.Ask,
    reason: str,
    key: str | None = None,
    organization_id: int | None = None,
    now: datetime,
) -> models.Proposal:
    """Propose a change to the homeowner; the same `key` and operation return the existing proposal.

    Raises permission.ChangeNotPermitted, permission.NoReason, quota.TooOften, Unfit, Waiting and
    changes.KeyReused.
    """
    consent = _consent(actor, device.site, organization_id, now)
    if not reason.strip():
        raise permission.NoReason
    proposal = models.Proposal(
        device=device,
        site=device.site,
        consent=consent,
        proposed_by=actor,
        proposer_label=permission.label(actor, consent),
        kind=asked.kind,
        asked=asked.to_json(),
        reason=reason.strip()[: permission.LONGEST_REASON],
        made_at=now,
        expires_at=expiry(asked, consent_until_at=consent.until_at, now=now),
        key=key or None,
    )
    return _of_key(proposal) or _keep(proposal, now)


def fault_of(proposal: models.Proposal, *, now: datetime) -> str:
    """Return why the proposal's plan cannot be set now, as a sentence, or ""."""
    operation = operations.from_json(proposal.kind, proposal.asked)
    limit_w, words = proposal.device.power_limit_w, clients.plan_words()
    return operations.fault_of(operation, now=now, limit_w=limit_w, words=words)


def approve(*, proposal: models.Proposal, actor: accounts.User, now: datetime) -> models.Change:
    """Make the proposed change in the homeowner's name; whatever refuses it leaves the proposal open.

    Raises Over, Unfit, permission.ChangeNotPermitted, quota.TooOften and changes.Busy.
    """
    _require_owner(proposal, actor, now)
    _check_open(proposal, now)
    _check_fit(proposal, now)
    try:
        return changes.make(
            actor=actor,
            device=proposal.device,
            asked=operations.from_json(proposal.kind, proposal.asked),
            reason=proposal.reason,
            also=partial(_answer, proposal, names.Name.PROPOSAL_APPROVED, actor, now),
            now=now,
        )
    except changes.Busy:
        _check_open(proposal, now)
        raise


@transaction.atomic
def decline(*, proposal: models.Proposal, actor: accounts.User, now: datetime) -> None:
    """Decline a proposal; raises Over and permission.ChangeNotPermitted."""
    _require_owner(proposal, actor, now)
    _check_open(proposal, now)
    _answer(proposal, names.Name.PROPOSAL_DECLINED, actor, now)


@transaction.atomic
def withdraw(*, proposal: models.Proposal, actor: accounts.User, now: datetime) -> None:
    """Withdraw a proposal; any colleague who may propose can. Raises as decline."""
    context = policy.access_of(actor, proposal.site, now=now)
    colleague = None if context is None else context.at(proposal.consent.organization_id)
    if colleague is None or colleague.own or policy.proposing_consent(colleague) is None:
        raise permission.ChangeNotPermitted(NOT_COLLEAGUES)
    _check_open(proposal, now)
    _answer(proposal, names.Name.PROPOSAL_WITHDRAWN, actor, now)


def _consent(
    actor: accounts.User, site: sites.Site | None, organization_id: int | None, now: datetime
) -> access.Consent:
    context = policy.access_of(actor, site, now=now) if site else None
    if context is None or context.own:
        raise permission.ChangeNotPermitted(policy.UNSEEN.reason)
    if organization_id is not None:
        context = context.at(organization_id)
    consent = policy.proposing_consent(context)
    if consent is None:
        raise permission.ChangeNotPermitted(LOOKERS)
    return consent


def _keep(proposal: models.Proposal, now: datetime) -> models.Proposal:
    _check_fit(proposal, now)
    same = queries.waiting_of(proposal.site, now=now).filter(device=proposal.device, kind=proposal.kind)
    if same.filter(consent__organization=proposal.consent.organization_id).exists():
        raise Waiting
    quota.check_proposal(proposal=proposal, now=now)
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
            _record(proposal, names.Name.CHANGE_PROPOSED, proposal.proposed_by, now)
            wake("control.tasks.tell_homeowner", str(proposal.pk))
    except IntegrityError:  # the same form, submitted twice at once
        return _of_key(proposal) or proposal
    return proposal


def _of_key(proposal: models.Proposal) -> models.Proposal | None:
    if proposal.key is None:
        return None
    mine = models.Proposal.objects.filter(proposed_by=proposal.proposed_by, key=proposal.key)
    earlier, same = mine.first(), (proposal.kind, proposal.asked, proposal.device_id)
    if earlier is not None and (earlier.kind, earlier.asked, earlier.device_id) != same:
        raise changes.KeyReused
    return earlier


def _require_owner(proposal: models.Proposal, actor: accounts.User, now: datetime) -> None:
    if not policy.own_sites(actor).filter(pk=proposal.site_id).exists():
        raise permission.ChangeNotPermitted(OWNERS_ONLY)


def _check_open(proposal: models.Proposal, now: datetime) -> None:
    known = queries.proposals_in([proposal.site], now=now).get(pk=proposal.pk)
    state = state_of(known.answer, holds=known.holds, expires_at=known.expires_at, now=now)
    if state != Answer.OPEN:
        raise Over(OVER[state].format(known.consent.organization))


def _check_fit(proposal: models.Proposal, now: datetime) -> None:
    fault = fault_of(proposal, now=now)
    if fault:
        raise Unfit(fault)


def _answer(
    proposal: models.Proposal,
    name: names.Name,
    actor: accounts.User,
    now: datetime,
    change: models.Change | None = None,
) -> None:
    """Write the answer where the row is still open, so that the first of several answers counts."""
    mine = models.Proposal.objects.filter(pk=proposal.pk, answer=Answer.OPEN)
    written = {"answer": ANSWERS[name], "answered_by": actor, "answered_at": now, "change": change}
    if not mine.update(**written):
        _check_open(proposal, now)
        raise Over(OVER[Answer.APPROVED])
    proposal.refresh_from_db()
    _record(proposal, name, actor, now)


def _record(proposal: models.Proposal, name: names.Name, actor: accounts.User | None, now: datetime) -> None:
    organization = proposal.consent.organization
    details = {
        "proposal": str(proposal.pk),
        "kind": proposal.kind,
        "asked": proposal.asked,
        "reason": proposal.reason,
        "by": proposal.proposer_label,
        "organization": organization.name,
    }
    record.add(
        name=name,
        at=now,
        actor=actor,
        site=proposal.site,
        device=proposal.device,
        organization=organization,
        details=details,
    )
