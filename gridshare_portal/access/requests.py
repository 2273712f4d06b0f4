"""Requests by staff that a homeowner share a home, and the homeowner's answer.

A request is stored for any address or serial number and e-mailed by a task, so that neither the response nor
its timing tells whether the person exists. A decline is not revealed either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Unpack

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, Trim, Upper

from gridshare_portal.access import consents, models, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.audit import names, record
from gridshare_portal.celery import wake
from gridshare_portal.sites import models as sites

LASTS = timedelta(days=14)
DAY = timedelta(days=1)
AT_MOST_A_DAY = 100

SHARED, DECLINED, OPEN = models.Request.Answer.SHARED, models.Request.Answer.DECLINED, ""
TOO_MANY = f"Your organization has asked {AT_MOST_A_DAY} times within a day. Please go on tomorrow."
NOT_YOURS = "Your role does not include asking homeowners."
NOBODY = "Give an e-mail address or a serial number."
ASKED = "Your organization has asked there already. That request is open until {:%-d %B}."
NO_HOME = "Choose at least one home to share."
OVER = "This request has been answered or has ended by itself. Nothing was changed."


class RequestNotPermitted(Exception):
    """The person may not send requests for this organization."""


class Over(Exception):
    """The request was answered, has expired, or is not addressed to this person."""


def ask(
    *,
    organization: accounts.Organization,
    asked_by: accounts.User,
    email: str = "",
    serial_number: str = "",
    right: str,
    lasts: str,
    message: str = "",
    now: datetime,
) -> models.Request:
    """Store a request to whoever has this e-mail address, or lives with the device of this serial number.

    Raises RequestNotPermitted, and ConsentRefused for unusable input or too many requests.
    """
    if not staff.may(asked_by, organization, rights.ASK):
        raise RequestNotPermitted(NOT_YOURS)
    if bool(email) == bool(serial_number):
        raise consents.ConsentRefused("whom", NOBODY)
    consents.checked_terms(right, lasts)
    whom = {"email": email.strip().lower(), "serial_number": plain_serial(serial_number)}
    with transaction.atomic():
        _check_rate(organization, whom, now)
        request = models.Request.objects.create(
            organization=organization,
            asked_by=asked_by,
            **whom,
            right=right,
            lasts=lasts,
            message=message,
            made_at=now,
            expires_at=now + LASTS,
        )
        _record(request, now)
        wake("access.tasks.tell", request.pk)
    return request


def share(
    *,
    request: models.Request,
    by: accounts.User,
    homes: Sequence[sites.Site],
    now: datetime,
    **terms: Unpack[consents.Terms],
) -> list[models.Consent]:
    """Give the requesting organization a consent for each home, on the homeowner's terms; raise Over."""
    if not homes:
        raise consents.ConsentRefused("homes", NO_HOME)
    with transaction.atomic():
        _answer(request, SHARED, by, now)
        return [
            consents.give(site=site, organization=request.organization, given_by=by, now=now, **terms)
            for site in homes
        ]


@transaction.atomic
def decline(*, request: models.Request, by: accounts.User, now: datetime) -> None:
    """Decline, which is not revealed to the organization; raise Over."""
    _answer(request, DECLINED, by, now)
    details = {"organization": request.organization.name}
    record.add(name=names.Name.ACCESS_DECLINED, at=now, actor=by, subject=by, details=details)


def waiting_for(user: accounts.User, *, now: datetime) -> QuerySet[models.Request]:
    """Return the open requests to this person, newest first: by proven address, or by an own device.

    What was asked by a device while other people lived with it was asked of them.
    """
    proven = EmailAddress.objects.filter(user=user.pk, verified=True)
    addresses = proven.annotate(plain=Lower("email")).values("plain")
    homes = policy.current_sites(user)
    devices = sites.Device.objects.filter(site__in=homes, gone_at=None).exclude(serial_number="")
    devices = devices.annotate(plain=_plain_serial())
    serials = devices.filter(site__begun_at=None).values("plain")
    since = devices.filter(site__begun_at__lte=OuterRef("made_at"), plain=OuterRef("serial_number"))
    mine = Q(email__in=addresses) | Q(serial_number__in=serials) | Exists(since)
    return models.Request.objects.filter(mine, answer=OPEN, expires_at__gt=now).select_related("organization")


def sent_by(organization: accounts.Organization) -> QuerySet[models.Request]:
    """Return an organization's requests, newest first."""
    return models.Request.objects.filter(organization=organization).select_related("asked_by")


def state_of(request: models.Request, *, now: datetime) -> str:
    """Return what staff may know of a request: sent, shared, or over; a declined one looks open."""
    if request.answer == SHARED:
        return "shared"
    return "sent" if now < request.expires_at else "over"


def residents_of(serial_number: str) -> QuerySet[accounts.User]:
    """Return the homeowners whose connection reaches a device of this serial number now."""
    devices = sites.Device.objects.annotate(plain=_plain_serial()).filter(plain=serial_number, gone_at=None)
    connection_sites = sites.ConnectionSite.objects.filter(
        site__in=devices.values("site"),
        connection__user=OuterRef("pk"),
        connection__status__in=policy.WORKING,
        lost_at=None,
    )
    return accounts.User.objects.filter(Exists(connection_sites), is_active=True).order_by("pk")


def plain_serial(serial_number: str) -> str:
    """Return a serial number as it is compared: stripped, in capitals."""
    return serial_number.strip().upper()


def _plain_serial() -> Upper:
    return Upper(Trim("serial_number"))


def _check_rate(organization: accounts.Organization, whom: dict[str, str], now: datetime) -> None:
    """Limit requests per organization, and repeated ones to one homeowner, also after a decline."""
    sent = models.Request.objects.filter(organization=organization)
    before = sent.filter(**whom, expires_at__gt=now).exclude(answer=SHARED).first()
    if before is not None:
        raise consents.ConsentRefused("whom", ASKED.format(before.expires_at))
    if sent.filter(made_at__gt=now - DAY).count() >= AT_MOST_A_DAY:
        raise consents.ConsentRefused("", TOO_MANY)


def _answer(request: models.Request, answer: str, by: accounts.User, now: datetime) -> None:
    """Store the answer; raise Over if another resident has answered meanwhile."""
    mine = waiting_for(by, now=now).filter(pk=request.pk).values_list("pk", flat=True)
    waiting = models.Request.objects.filter(pk__in=list(mine), answer=OPEN)
    if not waiting.update(answer=answer, answered_at=now, answered_by=by):
        raise Over(OVER)


def _record(request: models.Request, now: datetime) -> None:
    name, at, host = request.email.rpartition("@")
    masked = f"{name[:1]}…{at}{host}" if request.email else f"…{request.serial_number[-4:]}"
    record.add(
        name=names.Name.ACCESS_ASKED,
        at=now,
        actor=request.asked_by,
        organization=request.organization,
        details={"to": masked, "right": request.right, "lasts": request.lasts_words},
    )
