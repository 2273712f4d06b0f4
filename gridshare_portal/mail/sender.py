"""Send one e-mail to one person, from templates; nothing else sends.

Only the kind of a failure is logged, never the recipient.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

log = logging.getLogger(__name__)

Attachment = tuple[str, bytes, str]


class NotSent(Exception):
    """The mail server did not take the e-mail; it is safe to try again."""


def send(
    *,
    template: str,
    to: str,
    context: Mapping[str, object],
    as_page: bool = False,
    attachments: tuple[Attachment, ...] = (),
) -> None:
    """Send `{template}_subject.txt` and `{template}_message.txt`; raise NotSent when that fails.

    `as_page` adds `{template}_message.html` for mail programs that show HTML. An attachment is a file name,
    its bytes and its media type.
    """
    known = {"site_name": settings.SITE_NAME, **context}
    subject = " ".join(render_to_string(f"{template}_subject.txt", known).split())
    email = EmailMultiAlternatives(subject, render_to_string(f"{template}_message.txt", known), None, [to])
    if as_page:
        email.attach_alternative(render_to_string(f"{template}_message.html", known), "text/html")
    for name, content, media_type in attachments:
        email.attach(name, content, media_type)
    try:
        _deliver(email)
    except (OSError, smtplib.SMTPException) as failure:
        log.error("the e-mail %s could not be sent: %s", template, type(failure).__name__)
        raise NotSent from failure


def _deliver(email: EmailMultiAlternatives) -> None:
    email.send()
