"""The one e-mail that an owner gets when Lunar has ended a connection."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from gridshare_portal.lunar import models

log = logging.getLogger(__name__)

Status = models.Connection.Status


def due(*, at_most: int = 20) -> list[int]:
    """Return the ended connections whose owners do not know yet."""
    unknown = models.Connection.objects.filter(status=Status.RECONNECT, owner_told_at=None)
    return list(unknown.order_by("status_since_at").values_list("pk", flat=True)[:at_most])


def tell_owner(*, pk: int, now: datetime) -> bool:
    """Send the e-mail unless somebody has; a failure is taken up by the next sweep."""
    mine = models.Connection.objects.filter(pk=pk, status=Status.RECONNECT)
    if not mine.filter(owner_told_at=None).update(owner_told_at=now):
        return False
    connection = mine.select_related("user").first()
    if connection is None:
        return False
    try:
        _send(connection)
    except (OSError, smtplib.SMTPException) as failure:
        log.error("an e-mail to a homeowner could not be sent: %s", type(failure).__name__)
        mine.filter(owner_told_at=now).update(owner_told_at=None)
        return False
    return True


def _send(connection: models.Connection) -> None:
    context = {
        "connection": connection,
        "name": connection.user.get_short_name(),
        "address": f"{settings.PUBLIC_URL.rstrip('/')}{reverse('lunar_connect')}",
        "site_name": settings.SITE_NAME,
    }
    subject = " ".join(render_to_string("lunar/email/ended_subject.txt", context).split())
    body = render_to_string("lunar/email/ended_message.txt", context)
    send_mail(subject, body, None, [connection.user.email])
