"""What a homeowner may set of a home: name, time zone, what a sensor measures; and deleting it."""

from __future__ import annotations

import functools
import unicodedata
from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites


class SettingRefused(Exception):
    """A name, zone or role that is not possible; the text is a sentence, `field` names the input."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@functools.cache
def time_zones() -> tuple[str, ...]:
    """Return the time zones a home can be in, in alphabetical order."""
    return tuple(sorted(available_timezones() - {"localtime", "Factory"}))


def time_zone_choices() -> list[tuple[str, str]]:
    """Return the time zones as a form offers them."""
    return [(zone, zone.replace("_", " ")) for zone in time_zones()]


def rename(*, site: sites.Site, name: str, time_zone: str, now: datetime) -> sites.Site:
    """Set the home's name and time zone, which counts as confirmed from now on; raise SettingRefused.

    The page checks who may, and records the event.
    """
    name = " ".join("".join(c for c in name if unicodedata.category(c)[0] != "C" or c.isspace()).split())
    if not name:
        raise SettingRefused("name", "Give the home a name.")
    if len(name) > 80:
        raise SettingRefused("name", "Use at most 80 letters.")
    if time_zone not in time_zones():
        raise SettingRefused("time_zone", "Choose a time zone from the list.")
    site.name, site.time_zone, site.zone_confirmed_at = name, time_zone, now
    site.save(update_fields=["name", "time_zone", "zone_confirmed_at"])
    return site


def correct_role(*, sensor: sites.Sensor, role: str) -> sites.Sensor:
    """Set what a sensor measures; "" goes back to what was found. Raises SettingRefused."""
    if role and role not in sites.Role.values:
        raise SettingRefused("role", "Choose one of the roles in the list.")
    sensor.role_set = role
    sensor.save(update_fields=["role_set"])
    return sensor


def forget(*, connection: lunar.Connection) -> None:
    """Delete the homes that only this connection reaches, with everything known about them.

    A home that another connection reaches stays for those who see it through that one. A connection that its
    homeowner ended reaches nothing any more: the home may have changed owners since, and whoever leaves it
    last decides.
    """
    reaching = Q(Q(lost_at=None) | Q(is_kept=True), connection__status__in=["active", "reconnect"])
    others = sites.ConnectionSite.objects.filter(reaching, site=OuterRef("pk")).exclude(connection=connection)
    with transaction.atomic():
        own = sites.Site.objects.filter(connection_sites__connection=connection)
        for site in own.exclude(Exists(others)).distinct():
            site.delete()
        sites.ConnectionSite.objects.filter(connection=connection).delete()
