"""Who may see and who may control which home. Every page and the corridor for writes ask here.

A homeowner sees the homes that an own connection reaches, and controls them through it. After a
disconnect the stored readings stay visible, but only while nobody else's connection reaches the home: it may
have changed hands. What one may not see does not exist; what one may see but not do is refused with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from gridshare_portal.sites import models as sites

WORKING = ("active", "reconnect")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether something is allowed; if not, why, as a sentence, and which scope is missing, if that is it."""

    allowed: bool
    reason: str = ""
    scope: str = ""


UNSEEN = Answer(allowed=False, reason="You cannot see this home.")
ENDED = Answer(allowed=False, reason="The connection to Lunar has ended. Connect again to make changes.")
NOWHERE = Answer(allowed=False, reason="This device belongs to no home, so nothing can be changed on it.")
NO_PERMISSION = "Your connection to Lunar does not include this permission. Add it to go on."


def sites_visible_to(user: Any, *, now: datetime) -> QuerySet[sites.Site]:
    """Return the homes that this person may see at this moment."""
    if not _is_somebody(user):
        return sites.Site.objects.none()
    reaches = sites.Reach.objects.filter(site=OuterRef("pk"), lost_at=None)
    own = reaches.filter(connection__user=user.pk)
    others = reaches.filter(connection__status="active").exclude(connection__user=user.pk)
    through_working = Q(Exists(own.filter(connection__status__in=WORKING)))
    kept = Q(Exists(own.filter(connection__status="disconnected"))) & ~Q(Exists(others))
    return sites.Site.objects.filter(through_working | kept)


def devices_visible_to(user: Any, *, now: datetime) -> QuerySet[sites.Device]:
    """Return the devices in those homes."""
    return sites.Device.objects.filter(site__in=sites_visible_to(user, now=now))


def sensors_visible_to(user: Any, *, now: datetime) -> QuerySet[sites.Sensor]:
    """Return the sensors in those homes."""
    return sites.Sensor.objects.filter(site__in=sites_visible_to(user, now=now))


def may_control(user: Any, device: sites.Device, *, now: datetime, scope: str = "") -> Answer:
    """Say whether this person may change the device; `scope` names what Lunar must allow for it."""
    if device.site_id is None:
        return NOWHERE
    if not sites_visible_to(user, now=now).filter(pk=device.site_id).exists():
        return UNSEEN
    active = [reach.connection for reach in own_reaches(user, device.site) if reach.connection.is_active]
    if not active:
        return ENDED
    if scope and not any(scope in connection.scope_set for connection in active):
        return Answer(allowed=False, reason=NO_PERMISSION, scope=scope)
    return Answer(allowed=True)


def own_reaches(user: Any, site: sites.Site) -> QuerySet[sites.Reach]:
    """Return how this person's own connections reach the home, the healthiest first."""
    own = site.reaches.filter(lost_at=None, connection__user=user.pk)
    return own.select_related("connection").order_by("connection__failures", "pk")


def _is_somebody(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_active)
