"""The scheduled report about a portfolio: who gets it how often, and sending it.

The row is the queue. A worker takes it for a while; when the letter is out, the next date is set and the
event recorded in one transaction. One that is killed before leaves a row that is taken up again.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import staff
from gridshare_portal.audit import names, record
from gridshare_portal.retailer import enrolment_models, report_figures, report_files, report_periods
from gridshare_portal.sites import homes

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than a task may run
AGAIN = timedelta(minutes=15)
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Refused(Exception):
    """There is no such choice."""


def of(membership: accounts.Membership) -> enrolment_models.Subscription:
    """Return a member's choice; before there is one, that nothing comes."""
    who = {"user_id": membership.user_id, "organization_id": membership.organization_id}
    return enrolment_models.Subscription.objects.filter(**who).first() or enrolment_models.Subscription(**who)


def choose(
    *, membership: accounts.Membership, every: str, time_zone: str, now: datetime
) -> enrolment_models.Subscription:
    """Say how often a member gets the report, and by whose clock."""
    if every not in enrolment_models.Subscription.Every.values or time_zone not in homes.time_zones():
        raise Refused
    due_at = report_periods.next_due(every=every, zone=time_zone, now=now)
    return enrolment_models.Subscription.objects.update_or_create(
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        defaults={"every": every, "time_zone": time_zone, "due_at": due_at},
    )[0]


def due(*, now: datetime, at_most: int = 500) -> list[int]:
    """Return the reports whose morning has come and that nobody is sending."""
    waiting = enrolment_models.Subscription.objects.filter(_free(now), due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:at_most])


def send(*, pk: int, now: datetime) -> bool:
    """Send a report, unless somebody else does or it is not to be sent; say whether it was."""
    mine = enrolment_models.Subscription.objects.filter(_free(now), pk=pk, due_at__lte=now)
    if not mine.update(taken_until_at=now + LEASE):
        return False
    row = enrolment_models.Subscription.objects.select_related("user", "organization").get(pk=pk)
    period = report_periods.before(every=row.every, zone=row.time_zone, now=now)
    if row.sent_about == period.key or not _may_read(row):
        _settle(row, row.sent_about, now)
        return False
    try:
        _post(row, report_figures.of(row.organization, period))
    except (OSError, smtplib.SMTPException) as failure:
        log.error("a portfolio report could not be sent: %s", type(failure).__name__)
        enrolment_models.Subscription.objects.filter(pk=pk).update(taken_until_at=None, due_at=now + AGAIN)
        return False
    with transaction.atomic():
        _settle(row, period.key, now)
        _tell(row, period, now)
    return True


def _free(now: datetime) -> Q:
    return Q(taken_until_at=None) | Q(taken_until_at__lte=now)


def _may_read(row: enrolment_models.Subscription) -> bool:
    here = staff.standing_of(row.user).filter(organization=row.organization, organization__kind="retailer")
    return here.exists()


def _settle(row: enrolment_models.Subscription, about: str, now: datetime) -> None:
    """Set the next date; a choice that was changed meanwhile keeps the date it got then."""
    due_at = report_periods.next_due(every=row.every, zone=row.time_zone, now=now)
    mine = enrolment_models.Subscription.objects.filter(pk=row.pk)
    mine.update(taken_until_at=None, sent_about=about)
    mine.filter(due_at=row.due_at).update(due_at=due_at)


def _tell(row: enrolment_models.Subscription, period: report_periods.Period, now: datetime) -> None:
    record.add(
        name=names.Name.REPORT_SENT,
        at=now,
        subject=row.user,
        organization=row.organization,
        details={"to": str(row.user), "about": period.title},
    )


def _post(row: enrolment_models.Subscription, report: report_figures.Report) -> None:
    organization = " ".join(row.organization.name.split())
    base = settings.PUBLIC_URL.rstrip("/")
    context: dict[str, object] = {
        "name": row.user.get_short_name(),
        "organization": organization,
        "report": report,
        "homes": report_files.homes_of(report),
        "energies": report_files.ENERGIES,
        "heads": ("Day", *report_files.ENERGIES),
        "totals": list(zip(report_files.ENERGIES, report.total, strict=True)),
        "portfolio_address": f"{base}{reverse('retailer:portfolio', args=[row.organization.slug])}",
        "report_address": f"{base}{reverse('retailer:report', args=[row.organization.slug])}",
        "site_name": settings.SITE_NAME,
    }
    subject = " ".join(render_to_string("retailer/email/report_subject.txt", context).split())
    body = render_to_string("retailer/email/report_message.txt", context)
    letter = EmailMultiAlternatives(subject, body, None, [row.user.email])
    letter.attach_alternative(render_to_string("retailer/email/report_message.html", context), "text/html")
    letter.attach(file_name(report), report_files.xlsx(report), SHEET)
    letter.send()


def file_name(report: report_figures.Report) -> str:
    """Return what the spreadsheet is called."""
    return f"{report.organization.slug}-{report.period.every}-{report.period.first}.xlsx"
