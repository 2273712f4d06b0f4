"""Who may change a device, by which consent and through whose connection: asked first, and again at the end.

Whoever is refused leaves an event.
"""

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
    """This person may not do this; the reason is a sentence, `scope` what Lunar would have to allow."""

    def __init__(self, reason: str, *, scope: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.scope = scope


class NoReason(Exception):
    """Staff change nothing without saying why."""

    reason = "Say why. The homeowner reads it."


def ask(
    *,
    actor: accounts.User,
    device: sites.Device,
    asked: operations.Ask,
    organization_id: int | None,
    reason: str,
    now: datetime,
) -> policy.Decision:
    """Return by which consent staff act, if it is staff, and through which connection; raise otherwise."""
    answer = policy.may_control(actor, device, now=now, scope=asked.scope, organization_id=organization_id)
    if not answer.allowed:
        _record_refusal(actor, device, asked, answer, now)
        raise ChangeNotPermitted(answer.reason, scope=answer.scope)
    if answer.consent is not None and not reason.strip():
        raise NoReason
    return answer


def refusal_of(change: models.Change, asked: operations.Ask, *, now: datetime) -> str:
    """Ask for the right once more, for staff by the very same consent; return why not, or nothing."""
    mine, actor = change.consent, change.actor
    if actor is None:  # whoever asked has no account any more, and without it no access
        return ACCESS_ENDED
    organization_id = mine.organization_id if mine else None
    answer = policy.may_control(
        actor, change.device, now=now, scope=asked.scope, organization_id=organization_id
    )
    if answer.allowed:
        return "" if answer.consent == mine else ACCESS_ENDED
    return ACCESS_ENDED if mine and answer == policy.UNSEEN else answer.reason


def label(actor: accounts.User, consent: access.Consent | None) -> str:
    """Return who acts, with the organization on whose behalf, as it stays readable for good."""
    return str(actor)[:254] if consent is None else f"{str(actor)[:160]} ({consent.organization})"


def _record_refusal(
    actor: accounts.User, device: sites.Device, asked: operations.Ask, answer: policy.Decision, now: datetime
) -> None:
    record.add(
        name=names.Name.CHANGE_REFUSED,
        at=now,
        actor=actor,
        site=device.site,
        device=device,
        organization=answer.consent.organization if answer.consent else None,
        details={"kind": asked.kind, "asked": asked.to_json(), "why": answer.reason},
    )
