"""Ask for a raw answer on a homeowner's behalf: who may, through whose connection, and what the record says.

The person asks now and a worker calls later; in between a consent may end. So the worker asks everything
once more, right before the call.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.audit import names, record
from gridshare_portal.celery import wake
from gridshare_portal.energy import periods
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import raw_responses

ENDED, MISSING, UNSHARED = "ended", "missing_scope", "unshared"
ONE_AT_A_TIME = "Your last question is still on its way. Wait for its answer first."


class ResponseRefused(Exception):
    """Nothing was asked; the text is a sentence for the page."""


def ask(
    *,
    site: sites.Site,
    organization: accounts.Organization,
    actor: accounts.User,
    operation: str,
    subject: str = "",
    day: date | None = None,
    now: datetime,
) -> sites.RawResponse:
    """Write down what is to be asked, tell the homeowner's record, and wake a worker."""

    waiting = raw_responses.of_home(site, asked_by=actor, asked_for=organization.pk, now=now)
    if waiting.filter(came_at=None, asked_at__gt=now - raw_responses.LATE).exists():
        raise ResponseRefused(ONE_AT_A_TIME)
    period = periods.local_day(day, site.zone) if day else None
    with transaction.atomic():
        answer = sites.RawResponse.objects.create(
            site=site,
            operation=operation,
            subject=subject,
            start=period.start if period else None,
            end=period.end if period else None,
            asked_by=actor,
            asked_for=organization.pk,
            asked_at=now,
        )
        details = {"operation": operation, "subject": subject} | ({"day": day.isoformat()} if day else {})
        record.add(
            name=names.Name.ANSWER_ASKED,
            at=now,
            actor=actor,
            site=site,
            organization=organization,
            details=details,
        )
        wake("cases.tasks.fetch_answer", answer.pk)
    return answer


def fetch(*, pk: int, now: datetime) -> None:
    """Make the call, if whoever asked still may have it made."""
    answer = raw_responses.take(pk=pk, now=now)
    if answer is None:
        return
    consents = _consents(answer, now)
    connection = _connection(answer, consents)
    if connection is None:
        raw_responses.refuse(answer=answer, why=_why(answer, consents), now=now)
        return
    sites.RawResponse.objects.filter(pk=answer.pk).update(connection=connection)
    raw_responses.fetch(answer=answer, connection=connection, now=now)


def _consents(answer: sites.RawResponse, now: datetime) -> list[access.Consent]:
    """Return the consents that hold at this moment, if the person still works there and may look."""
    works = staff.standing_of(answer.asked_by).filter(organization=answer.asked_for).first()
    if works is None or not rights.may(works.role, rights.SEE):
        return []
    holding = policy.holding(now=now).filter(site=answer.site_id, organization=answer.asked_for)
    return list(holding.select_related("given_by"))


def _connection(answer: sites.RawResponse, consents: list[access.Consent]) -> lunar.Connection | None:
    """Return a connection of whoever gave a consent, never that of another who lives there."""
    scope = raw_responses.OPERATIONS[answer.operation].scope
    for consent in consents:
        for connection_site in policy.own_connection_sites(consent.given_by, answer.site):
            if connection_site.connection.is_active and scope in connection_site.connection.scope_set:
                return connection_site.connection
    return None


def _why(answer: sites.RawResponse, consents: list[access.Consent]) -> str:
    if not consents:
        return UNSHARED
    connection_sites = [
        connection_site
        for one in consents
        for connection_site in policy.own_connection_sites(one.given_by, answer.site)
    ]
    return (
        MISSING
        if any(connection_site.connection.is_active for connection_site in connection_sites)
        else ENDED
    )
