"""The one e-mail to a homeowner about an open proposal."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from gridshare_portal.control import models
from gridshare_portal.control.plans import rules
from gridshare_portal.mail import addresses, sender


def due(*, now: datetime, at_most: int = 50) -> list[str]:
    """Return the keys of open proposals whose homeowner has had no e-mail yet."""
    return [str(pk) for pk in _untold(now).order_by("made_at").values_list("pk", flat=True)[:at_most]]


def tell_homeowner(*, pk: str, now: datetime) -> bool:
    """Send the e-mail unless another worker has; a failure is left to the next sweep."""
    if not _untold(now).filter(pk=pk).update(told_at=now):
        return False
    mine = models.Proposal.objects.filter(pk=pk)
    try:
        _send(mine.select_related("consent__organization", "consent__given_by", "site", "device").get(), now)
    except sender.NotSent:
        mine.filter(told_at=now).update(told_at=None)
        return False
    return True


def _untold(now: datetime) -> QuerySet[models.Proposal]:
    waiting = models.Proposal.objects.filter(answer=models.Proposal.Answer.OPEN, expires_at__gt=now)
    return waiting.filter(told_at=None)


def _send(proposal: models.Proposal, now: datetime) -> None:
    homeowner = proposal.consent.given_by
    is_plan = proposal.kind == models.Change.Kind.PLAN
    context = {
        "proposal": proposal,
        "name": homeowner.get_short_name(),
        "organization": proposal.consent.organization,
        "home": proposal.site,
        "zone": proposal.site.zone,
        "commands": rules.from_json(proposal.asked).commands if is_plan else (),
        "now": now,
        "address": addresses.public("proposal", proposal.pk),
    }
    sender.send(template="control/email/proposed", to=homeowner.email, context=context)
