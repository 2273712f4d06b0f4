"""Scheduled portfolio reports by e-mail: who gets one how often, and sending it.

The subscription's row is the queue, with a lease. The next date and the event are written in one transaction
after the e-mail was sent; a worker killed before that leaves a row that another takes up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import staff
from gridshare_portal.audit import names, record
from gridshare_portal.leases import rows as leases
from gridshare_portal.mail import addresses, sender
from gridshare_portal.reports import figures, models, periods, workbook
from gridshare_portal.sites import settings as sites_settings

LEASE = timedelta(minutes=10)  # longer than a task may run
AGAIN = timedelta(minutes=15)
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SubscriptionRefused(Exception):
    """There is no such choice."""


def subscription_of(membership: accounts.Membership) -> models.Subscription:
    """Return a member's subscription; unsaved and never due before the member chose."""
    who = {"user_id": membership.user_id, "organization_id": membership.organization_id}
    return models.Subscription.objects.filter(**who).first() or models.Subscription(**who)


def choose(
    *, membership: accounts.Membership, every: str, time_zone: str, now: datetime
) -> models.Subscription:
    """Set how often a member gets the report, and in which time zone; raises SubscriptionRefused."""
    if every not in models.Subscription.Every.values or time_zone not in sites_settings.time_zones():
        raise SubscriptionRefused
    due_at = periods.next_due(every=every, zone=time_zone, now=now)
    return models.Subscription.objects.update_or_create(
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        defaults={"every": every, "time_zone": time_zone, "due_at": due_at},
    )[0]


def due(*, now: datetime, at_most: int = 500) -> list[int]:
    waiting = models.Subscription.objects.filter(leases.free(now=now), due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:at_most])


def send(*, pk: int, now: datetime) -> bool:
    """Send a report, unless another worker does or the member may not read it; return whether it was sent."""
    mine = models.Subscription.objects.filter(leases.free(now=now), pk=pk, due_at__lte=now)
    if not mine.update(**leases.held(owner="", now=now, lasting=LEASE)):
        return False
    row = models.Subscription.objects.select_related("user", "organization").get(pk=pk)
    period = periods.before(every=row.every, zone=row.time_zone, now=now)
    retailers = staff.active_memberships(row.user).filter(organization__kind="retailer")
    if row.sent_about == period.key or not retailers.filter(organization=row.organization).exists():
        _settle(row, row.sent_about, now)
        return False
    try:
        _post(row, figures.report_of(row.organization, period))
    except sender.NotSent:
        models.Subscription.objects.filter(pk=pk).update(**leases.released(), due_at=now + AGAIN)
        return False
    with transaction.atomic():
        _settle(row, period.key, now)
        record.add(
            name=names.Name.REPORT_SENT,
            at=now,
            subject=row.user,
            organization=row.organization,
            details={"to": str(row.user), "about": period.title},
        )
    return True


def _settle(row: models.Subscription, about: str, now: datetime) -> None:
    """Set the next date, unless the member changed the subscription meanwhile."""
    due_at = periods.next_due(every=row.every, zone=row.time_zone, now=now)
    mine = models.Subscription.objects.filter(pk=row.pk)
    mine.update(**leases.released(), sent_about=about)
    mine.filter(due_at=row.due_at).update(due_at=due_at)


def _post(row: models.Subscription, report: figures.Report) -> None:
    organization = " ".join(row.organization.name.split())
    context: dict[str, object] = {
        "name": row.user.get_short_name(),
        "organization": organization,
        "report": report,
        "homes": workbook.homes_of(report),
        "energies": workbook.ENERGIES,
        "heads": ("Day", *workbook.ENERGIES),
        "totals": list(zip(workbook.ENERGIES, report.total, strict=True)),
        "portfolio_address": addresses.public("portfolio", row.organization.slug),
        "report_address": addresses.public("report", row.organization.slug),
    }
    sender.send(
        template="reports/email/report",
        to=row.user.email,
        context=context,
        as_page=True,
        attachments=((file_name(report), workbook.xlsx(report), SHEET),),
    )


def file_name(report: figures.Report) -> str:
    return f"{report.organization.slug}-{report.period.every}-{report.period.first}.xlsx"
