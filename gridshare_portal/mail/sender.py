"""The one way to send an e-mail: a subject and a text from templates, to one person.

Only the kind of a failure is logged, never whom the letter was for.
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
    """The mail server did not take it; it is safe to try again."""


def send(
    *,
    template: str,
    to: str,
    context: Mapping[str, object],
    as_page: bool = False,
    attachments: tuple[Attachment, ...] = (),
) -> None:
    """Send what `{template}_subject.txt` and `{template}_message.txt` say; raise NotSent when that fails.

    `as_page` adds `{template}_message.html` for programs that show pages. An attachment is a file's name, its
    bytes and its media type.
    """
    known = {"site_name": settings.SITE_NAME, **context}
    subject = " ".join(render_to_string(f"{template}_subject.txt", known).split())
    letter = EmailMultiAlternatives(subject, render_to_string(f"{template}_message.txt", known), None, [to])
    if as_page:
        letter.attach_alternative(render_to_string(f"{template}_message.html", known), "text/html")
    for name, content, media_type in attachments:
        letter.attach(name, content, media_type)
    try:
        _deliver(letter)
    except (OSError, smtplib.SMTPException) as failure:
        log.error("the e-mail %s could not be sent: %s", template, type(failure).__name__)
        raise NotSent from failure


def _deliver(letter: EmailMultiAlternatives) -> None:
    letter.send()
