"""Visits: the reason staff give before they open a home, and the audit events of what they view.

A visit is one person's, for one organization, home and reason. It ends by itself and never outlasts the
consent it was opened under.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from gridshare_portal.access import models, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights
from gridshare_portal.audit import names, record
from gridshare_portal.sites import models as sites

LASTS_AT_MOST = timedelta(hours=8)
QUIET = timedelta(minutes=10)  # a page that renews itself leaves no more than one line in this time
LONGEST_WORDS = 500
OTHER = "other"
REASONS = {
    "asked": "The homeowner asked for help",
    "fault": "A fault we noticed",
    "warranty": "A warranty case",
    "planned": "Planned maintenance",
    "repair": "Checking a repair",
    OTHER: "Something else",
}
PAGES = {
    "home": "the home’s first page",
    "history": "the history of readings",
    "devices": "the devices",
    "device": "a device",
    "control": "mode and plan",
    "mode": "the mode of a battery",
    "plan": "the plan of a battery",
    "details": "a device’s details",
    "change": "the receipt of a change",
    "activity": "the activity",
    "looking": "a page that stayed open",
    "proposals": "proposed changes",
    "proposal": "a proposed change",
    "diagnosis": "the diagnosis",
    "topology": "how the devices do",
    "calendar": "which days are complete",
    "answer": "a raw answer of Lunar’s",
    "bundle": "the case file",
    "case": "what needs help",
}


class VisitRefused(Exception):
    """A visit that cannot be opened; the message is a sentence for the page, `field` names the input."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def open(
    *,
    user: accounts.User,
    site: sites.Site,
    organization: accounts.Organization,
    reason: str,
    words: str = "",
    now: datetime,
) -> models.Visit:
    """Open a visit for a member of staff, for a reason that the homeowner reads; raise VisitRefused."""
    words = words.strip()
    _check(reason, words)
    longest = now + LASTS_AT_MOST
    ends = [consent.until_at or longest for consent in _consents(user, site, organization, now)]
    until_at = min(longest, max(ends))
    visit = models.Visit(
        site=site,
        organization=organization,
        user=user,
        reason=reason,
        words=words,
        opened_at=now,
        until_at=until_at,
    )
    with transaction.atomic():
        visit.save(force_insert=True)
        _record(visit, names.Name.SITE_OPENED, now=now, until=until_at.isoformat())
    return visit


def current(
    user: accounts.AnyUser, site: sites.Site, *, now: datetime, context: policy.AccessContext | None = None
) -> models.Visit | None:
    """Return the visit in progress, if its consent still holds; None for a homeowner."""
    context = context or policy.access_of(user, site, now=now)
    if context is None or context.own:
        return None
    begun = Q(pk__in=[])
    for consent in context.consents:
        if context.has(rights.SEE, consent):
            begun |= Q(organization=consent.organization_id, opened_at__gte=consent.from_at)
    mine = models.Visit.objects.filter(begun, site=site, user=user.pk, opened_at__lte=now, until_at__gt=now)
    return mine.select_related("organization", "site", "user").first()


def leave(*, visit: models.Visit, now: datetime) -> None:
    models.Visit.objects.filter(pk=visit.pk, until_at__gt=now).update(until_at=now)


@transaction.atomic
def note(*, visit: models.Visit, page: str, now: datetime, name: names.Name = names.Name.SITE_VIEWED) -> None:
    """Record for the homeowner that this page was viewed, or that its data was downloaded."""
    models.Visit.objects.filter(pk=visit.pk).update(noted_at=now)
    _record(visit, name, now=now, page=page)


@transaction.atomic
def note_renewed(*, visit: models.Visit, page: str, now: datetime) -> None:
    """Record an automatic refresh, at most once in ten minutes."""
    quiet = Q(noted_at=None) | Q(noted_at__lte=now - QUIET)
    if models.Visit.objects.filter(quiet, pk=visit.pk).update(noted_at=now):
        _record(visit, names.Name.SITE_VIEWED, now=now, page=page)


def _check(reason: str, words: str) -> None:
    if reason not in REASONS:
        raise VisitRefused("reason", "Choose why you open this home.")
    if len(words) > LONGEST_WORDS:
        raise VisitRefused("words", f"Use at most {LONGEST_WORDS} letters. You used {len(words):,}.")
    if reason == OTHER and not words:
        raise VisitRefused("words", "Say in a few words why you open this home.")


def _consents(
    user: accounts.User, site: sites.Site, organization: accounts.Organization, now: datetime
) -> tuple[models.Consent, ...]:
    context = policy.access_of(user, site, now=now)
    if context is not None and not context.own and context.at(organization.pk).may(rights.SEE):
        return context.at(organization.pk).consents
    raise VisitRefused("organization", "This home is not shared with you, or no longer.")


def _record(visit: models.Visit, name: names.Name, *, now: datetime, **more: str) -> None:
    details = {"reason": visit.reason, "words": visit.words, "organization": visit.organization.name, **more}
    record.add(
        name=name,
        at=now,
        actor=visit.user,
        site=visit.site,
        organization=visit.organization,
        details=details,
    )
