"""The e-mail that invites somebody to work for an organization."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from gridshare_portal.accounts import invitations, rights

log = logging.getLogger(__name__)


def address_of(secret: str) -> str:
    """Return the address that opens an invitation."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('accounts:invitation', args=[secret])}"


def send(made: invitations.Made) -> bool:
    """Send the letter; return whether it could be sent."""
    invitation = made.invitation
    context = {
        "invitation": invitation,
        "organization": invitation.organization,
        "rights": [right for right in rights.RIGHTS if rights.may(invitation.role, right)],
        "address": address_of(made.secret),
        "site_name": settings.SITE_NAME,
    }
    subject = " ".join(render_to_string("accounts/email/invitation_subject.txt", context).split())
    body = render_to_string("accounts/email/invitation_message.txt", context)
    try:
        send_mail(subject, body, None, [invitation.email])
    except (OSError, smtplib.SMTPException) as failure:
        log.error("an invitation could not be sent: %s", type(failure).__name__)
        return False
    return True
