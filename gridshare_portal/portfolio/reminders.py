"""E-mails to homeowners whose connection to Lunar has ended, at the request of staff.

They go to whoever shares the home and contain no words of staff's own. A home gets at most one a week,
whoever requests it, and nobody learns from that of another organization's request. The row is the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.audit import names, record
from gridshare_portal.celery import wake
from gridshare_portal.mail import addresses, sender
from gridshare_portal.portfolio import models
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.sites import models as sites

WEEK = timedelta(days=7)
AGAIN = timedelta(minutes=15)
ON_A_PAGE = 50
NOT_ENDED = "The connection of this home stands. No letter is needed."
ASKED = "Your organization asked for a letter already. It can ask again from {:%-d %B}."
NOT_YOURS = "Your role does not include asking homeowners."


class ReminderRefused(Exception):
    """No e-mail can be requested now; the text is a sentence for the page."""


class ReminderNotPermitted(Exception):
    """The person's role in this organization does not include reminders."""


@dataclass(frozen=True, kw_only=True)
class EndedConnection:
    site: sites.Site
    ended_at: datetime | None
    asked_at: datetime | None
    may_ask: bool


def page(
    user: accounts.User, organization: accounts.Organization, *, after: int, now: datetime
) -> tuple[list[EndedConnection], int | None]:
    """Return up to ON_A_PAGE homes after this key whose connection has ended, and the key to go on after."""
    ended = SiteRow.objects.filter(organization=organization, state="reconnect", site__gt=after)
    pks = list(ended.order_by("site_id").values_list("site_id", flat=True)[: ON_A_PAGE + 1])
    following = pks[ON_A_PAGE - 1] if len(pks) > ON_A_PAGE else None
    pks = pks[:ON_A_PAGE]
    shared = policy.shared_sites(user, now=now, organization=organization).filter(pk__in=pks)
    requested = _last_requests(pks, organization)
    ended_at = sites.ConnectionSite.objects.filter(site__in=pks, lost_at=None, connection__status="reconnect")
    since = dict(ended_at.values_list("site").annotate(at=Max("connection__status_since_at")).order_by())
    lines = [
        EndedConnection(
            site=site,
            ended_at=since.get(site.pk),
            asked_at=requested.get(site.pk),
            may_ask=site.pk not in requested or requested[site.pk] <= now - WEEK,
        )
        for site in shared.defer("topology").order_by("pk")
    ]
    return lines, following


@transaction.atomic
def ask(
    *, organization: accounts.Organization, asked_by: accounts.User, site: sites.Site, now: datetime
) -> models.Reminder:
    """Request an e-mail to whoever shares the home; raises ReminderNotPermitted and ReminderRefused."""
    if not staff.may(asked_by, organization, rights.ASK):
        raise ReminderNotPermitted(NOT_YOURS)
    sites.Site.objects.select_for_update().get(pk=site.pk)
    if not givers(site, organization, now=now):
        raise ReminderRefused(NOT_ENDED)
    before = _last_requests([site.pk], organization).get(site.pk)
    if before is not None and before > now - WEEK:
        raise ReminderRefused(ASKED.format(before + WEEK))
    reminder = models.Reminder.objects.create(
        organization=organization, site=site, asked_by=asked_by, asked_at=now, due_at=now
    )
    record.add(
        name=names.Name.ACCESS_ASKED,
        at=now,
        actor=asked_by,
        organization=organization,
        site=site,
        details={"for": "connecting to Lunar again", "organization": organization.name},
    )
    wake("portfolio.tasks.remind", reminder.pk)
    return reminder


def due(*, now: datetime, at_most: int = 50) -> list[int]:
    """Return the keys of reminders that are due, the longest due first."""
    waiting = models.Reminder.objects.filter(due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:at_most])


def send(*, pk: int, now: datetime) -> int:
    """Send the e-mails of a reminder, unless the home had one within a week; return how many were sent."""
    reminder = _claimed(pk, now)
    if reminder is None:
        return 0
    people = givers(reminder.site, reminder.organization, now=now)
    try:
        for person in people:
            _post(reminder, person)
    except sender.NotSent:
        models.Reminder.objects.filter(pk=pk).update(sent_at=None, due_at=now + AGAIN)
        return 0
    return len(people)


def givers(site: sites.Site, organization: accounts.Organization, *, now: datetime) -> list[accounts.User]:
    """Return who shares the home with the organization, if all their connections have ended; else nobody."""
    held = policy.holding(now=now).filter(site=site, organization=organization)
    people = list(accounts.User.objects.filter(consents__in=held, is_active=True).distinct().order_by("pk"))
    connection_sites = sites.ConnectionSite.objects.filter(
        site=site, connection__user__in=people, lost_at=None
    )
    return [] if connection_sites.filter(connection__status="active").exists() else people


@transaction.atomic
def _claimed(pk: int, now: datetime) -> models.Reminder | None:
    """Take a reminder, once between all workers; drop it where the home had an e-mail within a week."""
    found = models.Reminder.objects.filter(pk=pk, due_at__lte=now)
    reminder = found.select_related("site", "organization").first()
    if reminder is None:
        return None
    sites.Site.objects.select_for_update().get(pk=reminder.site_id)
    had_one = models.Reminder.objects.filter(site=reminder.site_id, sent_at__gt=now - WEEK).exists()
    if not found.update(due_at=None, sent_at=None if had_one else now):
        return None
    return None if had_one else reminder


def _last_requests(pks: Sequence[int], organization: accounts.Organization) -> dict[int, datetime]:
    rows = models.Reminder.objects.filter(site__in=pks, organization=organization)
    return dict(rows.values_list("site").annotate(at=Max("asked_at")).order_by())


def _post(reminder: models.Reminder, person: accounts.User) -> None:
    context = {
        "name": person.get_short_name(),
        "organization": " ".join(reminder.organization.name.split()),
        "home": " ".join(reminder.site.name.split()),
        "address": addresses.public("connect"),
        "sharing_address": addresses.public("sharing"),
    }
    sender.send(template="portfolio/email/reconnect", to=person.email, context=context)
