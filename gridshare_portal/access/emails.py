"""The e-mail that tells a homeowner that an organization asks to help with a home.

It goes to the address whether or not an account uses it and holds no text written by staff, so that the
portal cannot be used to send messages. Each address gets at most one a day from each organization. The
request's row is the queue; what could not be sent is retried by the next sweep.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gridshare_portal.access import models, requests
from gridshare_portal.mail import addresses, sender


def due(*, now: datetime, at_most: int = 50) -> list[int]:
    """Return the ids of open requests not yet e-mailed, oldest first."""
    untold = models.Request.objects.filter(told_at=None, answer=requests.OPEN, expires_at__gt=now)
    return list(untold.order_by("made_at").values_list("pk", flat=True)[:at_most])


def tell(*, pk: int, now: datetime) -> int:
    """Send the e-mails of one request unless that was done; return how many were sent."""
    mine = models.Request.objects.filter(pk=pk)
    if not mine.filter(told_at=None, answer=requests.OPEN).update(told_at=now):
        return 0
    request = mine.select_related("organization").get()
    residents = requests.residents_of(request.serial_number).values_list("email", flat=True)
    to = [request.email] if request.email else [*residents]
    sent = [_send_once(request, address, now) for address in to]
    if None in sent:
        mine.update(told_at=None)
    return sent.count(True)


def _send_once(request: models.Request, address: str, now: datetime) -> bool | None:
    """Send the e-mail unless the address had one within a day; None means that sending failed."""
    known = {"organization": request.organization, "email": address}
    with transaction.atomic():  # held, so that it is not deleted as an old one meanwhile
        held = models.RequestEmail.objects.select_for_update()
        email, is_first = held.get_or_create(**known, defaults={"sent_at": now})
        old = models.RequestEmail.objects.filter(pk=email.pk, sent_at__lte=now - requests.DAY)
        if not is_first and not old.update(sent_at=now):
            return False
    context = {
        "organization": request.organization,
        "request": request,
        "days": requests.LASTS.days,
        "address": addresses.public("sharing"),
    }
    try:
        sender.send(template="access/email/asked", to=address, context=context)
    except sender.NotSent:
        email.delete()
        return None
    return True
