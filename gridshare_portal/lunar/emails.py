"""The one e-mail that tells an owner that Lunar has ended a connection."""

from __future__ import annotations

from datetime import datetime

from gridshare_portal.lunar import models
from gridshare_portal.mail import addresses, sender

Status = models.Connection.Status


def due(*, at_most: int = 20) -> list[int]:
    """Return the ended connections whose owners have not been told."""
    unknown = models.Connection.objects.filter(status=Status.RECONNECT, owner_told_at=None)
    return list(unknown.order_by("status_since_at").values_list("pk", flat=True)[:at_most])


def tell_owner(*, pk: int, now: datetime) -> bool:
    """Send the e-mail unless it was sent; a failure is left to the next sweep."""
    mine = models.Connection.objects.filter(pk=pk, status=Status.RECONNECT)
    if not mine.filter(owner_told_at=None).update(owner_told_at=now):
        return False
    connection = mine.select_related("user").first()
    if connection is None:
        return False
    context = {
        "connection": connection,
        "name": connection.user.get_short_name(),
        "address": addresses.public("connect"),
    }
    try:
        sender.send(template="lunar/email/ended", to=connection.user.email, context=context)
    except sender.NotSent:
        mine.filter(owner_told_at=now).update(owner_told_at=None)
        return False
    return True
