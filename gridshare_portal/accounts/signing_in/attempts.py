"""Wrong second factors: each leaves an event and a line in the log; ten in a row lock codes for an hour.

Whoever gets this far has the code from the e-mail already, so the person is told when the lock closes. A
passkey still opens: nobody guesses one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction

from gridshare_portal.accounts import models
from gridshare_portal.audit import models as audit
from gridshare_portal.audit import names, record
from gridshare_portal.mail import sender

log = logging.getLogger(__name__)

LOCKS_AFTER = 10
COUNTED_FOR = timedelta(hours=24)
LOCKED_FOR = timedelta(hours=1)
LOCKED = "Too many wrong codes. Until {until:%H:%M} UTC no code is taken; a passkey works meanwhile."


def locked_until(wrong: Sequence[datetime], *, now: datetime) -> datetime | None:
    """Return until when codes are refused, given the moments of wrong ones since the last right one."""
    if len(wrong) < LOCKS_AFTER or now >= max(wrong) + LOCKED_FOR:
        return None
    return max(wrong) + LOCKED_FOR


def refusal(user: models.User, *, now: datetime) -> str:
    """Return why no code of this person is taken now; empty while codes are taken."""
    until = locked_until(_wrong(user, now=now), now=now)
    return LOCKED.format(until=until) if until else ""


def note_wrong(user: models.User, authenticator_type: str, *, now: datetime) -> None:
    """Record a wrong second factor; tell the person by e-mail when it locks the codes."""
    kind = Authenticator.Type(authenticator_type).name.lower()
    log.warning("wrong second factor (%s) of person %s", kind, user.pk)
    with transaction.atomic():
        models.User.objects.select_for_update().get(pk=user.pk)
        was_locked = bool(refusal(user, now=now))
        record.add(name=names.Name.SECOND_FACTOR_FAILED, at=now, subject=user, details={"kind": kind})
        until = locked_until(_wrong(user, now=now), now=now)
        if until and not was_locked:
            transaction.on_commit(lambda: _tell(user, until))


def _wrong(user: models.User, *, now: datetime) -> list[datetime]:
    """Return when this person's second factor was wrong since it was last right, within a day."""
    told = (names.Name.SECOND_FACTOR_FAILED, names.Name.SECOND_FACTOR_PROVEN)
    events = audit.Event.objects.filter(subject_id=user.pk, name__in=told, at__gt=now - COUNTED_FOR)
    wrong: list[datetime] = []
    for name, at in events.order_by("at", "pk").values_list("name", "at"):
        wrong = [*wrong, at] if name == names.Name.SECOND_FACTOR_FAILED else []
    return wrong


def _tell(user: models.User, until: datetime) -> None:
    log.warning("second factor codes of person %s are locked", user.pk)
    try:
        sender.send(template="accounts/email/codes_locked", to=user.email, context={"until": until})
    except sender.NotSent:
        return  # the sender has logged it; the page says the same
