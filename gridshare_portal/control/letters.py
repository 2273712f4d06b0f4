"""The one e-mail that a homeowner gets about a proposal that waits."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from gridshare_portal.control import models, plans

log = logging.getLogger(__name__)


def due(*, now: datetime, at_most: int = 50) -> list[str]:
    """Return the open proposals whose homeowners do not know yet."""
    return [str(pk) for pk in _untold(now).order_by("made_at").values_list("pk", flat=True)[:at_most]]


def tell_homeowner(*, pk: str, now: datetime) -> bool:
    """Send the e-mail unless somebody has; a failure is taken up by the next sweep."""
    if not _untold(now).filter(pk=pk).update(told_at=now):
        return False
    mine = models.Proposal.objects.filter(pk=pk)
    try:
        _send(mine.select_related("consent__organization", "consent__given_by", "site", "device").get(), now)
    except (OSError, smtplib.SMTPException) as failure:
        log.error("an e-mail about a proposal could not be sent: %s", type(failure).__name__)
        mine.filter(told_at=now).update(told_at=None)
        return False
    return True


def _untold(now: datetime) -> QuerySet[models.Proposal]:
    is_open = {"answer": models.Proposal.Answer.OPEN, "told_at": None}
    return models.Proposal.objects.filter(expires_at__gt=now, **is_open)


def _send(proposal: models.Proposal, now: datetime) -> None:
    homeowner = proposal.consent.given_by
    is_plan = proposal.kind == models.Change.Kind.PLAN
    context = {
        "proposal": proposal,
        "name": homeowner.get_short_name(),
        "organization": proposal.consent.organization,
        "home": proposal.site,
        "zone": proposal.site.zone,
        "commands": plans.from_json(proposal.asked).commands if is_plan else (),
        "now": now,
        "address": f"{settings.PUBLIC_URL.rstrip('/')}{reverse('homeowner:proposal', args=[proposal.pk])}",
    }
    subject = " ".join(render_to_string("control/email/proposed_subject.txt", context).split())
    body = render_to_string("control/email/proposed_message.txt", context)
    send_mail(subject, body, None, [homeowner.email])
