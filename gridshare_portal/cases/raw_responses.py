"""Requests by staff to read a raw API response through the connection of whoever gave a consent.

A worker makes the call later, and a consent may end in between; so the worker checks everything again right
before the call.
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
    """Nothing was requested; the text is a sentence for the page."""


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
    """Write the request and its event, and wake a worker; one open request per person and home."""
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
    """Make the call, if whoever requested it still may; else store why not."""
    answer = raw_responses.take(pk=pk, now=now)
    if answer is None:
        return
    consents = _consents(answer, now)
    active = _active_connections(answer, consents)
    scope = raw_responses.OPERATIONS[answer.operation].scope
    able = [one for one in active if scope in one.scope_set]
    if not able:
        why = UNSHARED if not consents else MISSING if active else ENDED
        raw_responses.refuse(answer=answer, why=why, now=now)
        return
    sites.RawResponse.objects.filter(pk=answer.pk).update(connection=able[0])
    raw_responses.fetch(answer=answer, connection=able[0], now=now)


def _consents(answer: sites.RawResponse, now: datetime) -> list[access.Consent]:
    """Return the consents that hold now, if the person is still staff and may look."""
    if not staff.may(answer.asked_by, answer.asked_for, rights.SEE):
        return []
    holding = policy.holding(now=now).filter(site=answer.site_id, organization=answer.asked_for)
    return list(holding.select_related("given_by"))


def _active_connections(answer: sites.RawResponse, consents: list[access.Consent]) -> list[lunar.Connection]:
    """Return connections of whoever gave a consent, never those of another who lives there."""
    reaching = (
        one for consent in consents for one in policy.own_connection_sites(consent.given_by, answer.site)
    )
    return [one.connection for one in reaching if one.connection.is_active]
