"""Who may change a device, by which consent and through whose connection; refusals are recorded."""

from __future__ import annotations

from datetime import datetime

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names, record
from gridshare_portal.control import models, operations
from gridshare_portal.sites import models as sites

LONGEST_REASON = 500
ACCESS_ENDED = "The access to this home ended before anything was sent. Nothing was changed."


class ChangeNotPermitted(Exception):
    """`reason` is a sentence; `scope` is the OAuth scope that is missing, if that is it."""

    def __init__(self, reason: str, *, scope: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.scope = scope


class NoReason(Exception):
    """Staff gave no reason for a change."""

    reason = "Say why. The homeowner reads it."


def decide(
    *,
    actor: accounts.User,
    device: sites.Device,
    operation: operations.Ask,
    organization_id: int | None,
    reason: str,
    now: datetime,
) -> policy.Decision:
    """Return the decision with consent (staff only) and connection; raise ChangeNotPermitted or NoReason."""
    decision = policy.may_control(
        actor, device, now=now, scope=operation.scope, organization_id=organization_id
    )
    if not decision.allowed:
        record.add(
            name=names.Name.CHANGE_REFUSED,
            at=now,
            actor=actor,
            site=device.site,
            device=device,
            organization=decision.consent.organization if decision.consent else None,
            details={"kind": operation.kind, "asked": operation.to_json(), "why": decision.reason},
        )
        raise ChangeNotPermitted(decision.reason, scope=decision.scope)
    if decision.consent is not None and not reason.strip():
        raise NoReason
    return decision


def refusal_of(change: models.Change, operation: operations.Ask, *, now: datetime) -> str:
    """Check the permission again, for staff by the very same consent; return why not, or ""."""
    mine, actor = change.consent, change.actor
    if actor is None:  # the account was deleted, and its access with it
        return ACCESS_ENDED
    organization_id = mine.organization_id if mine else None
    decision = policy.may_control(
        actor, change.device, now=now, scope=operation.scope, organization_id=organization_id
    )
    if decision.allowed:
        return "" if decision.consent == mine else ACCESS_ENDED
    return ACCESS_ENDED if mine and decision == policy.UNSEEN else decision.reason


def label(actor: accounts.User, consent: access.Consent | None) -> str:
    """Return the actor's name, with the organization for staff, as the change keeps it for good."""
    return str(actor)[:254] if consent is None else f"{str(actor)[:160]} ({consent.organization})"
