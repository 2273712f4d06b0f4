"""Give and end consents: the only module that writes them.

A homeowner has at most one open consent for a home and an organization. Giving again ends the previous one
and opens a new one, so that history stays readable; each action writes its audit event in the same
transaction, and an ended consent is never reopened.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.db import IntegrityError, transaction
from django.db.models import Exists, QuerySet

from gridshare_portal.access import durations, models, policy, return_address, signals
from gridshare_portal.access.finding import entries
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names, record
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites

BY_HAND, REPLACED, EXPIRED = "by hand", "replaced", "expired"
DISCONNECTED, DELETED = "disconnected", "deleted"

NOT_YOURS = "Only a home of your own can be shared."
NOT_CONNECTED = "Connect this home to Lunar again, then share it: whoever helps needs the connection, too."
NO_RIGHT = "Choose whether they may see the home, or see and change it."
NO_DURATION = "Choose how long from the list."


class Terms(TypedDict):
    """What a consent allows, as a right, the id of a duration, and whether staff must ask before a change."""

    right: str
    lasts: str
    ask_first: bool


class ConsentRefused(Exception):
    """A consent that cannot be given; the message is a sentence for the page, `field` names the input."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def give(
    *,
    site: sites.Site,
    organization: accounts.Organization,
    given_by: accounts.User,
    right: str,
    lasts: str,
    ask_first: bool,
    through: return_address.Suggested | None = None,
    now: datetime,
) -> models.Consent:
    """Let an organization see a home, or see and change it, replacing what the giver allowed it before.

    `through` is the campaign's suggestion, for its funnel; it does not change what is given. Raises
    ConsentRefused.
    """
    duration = checked_terms(right, lasts)
    consent = models.Consent(
        site=site,
        organization=organization,
        given_by=given_by,
        right=right,
        ask_first=ask_first and right == models.Right.CONTROL,
        from_at=now,
        until_at=durations.until(duration, now=now),
    )
    try:
        return _keep(consent, duration, through, now)
    except IntegrityError:  # given twice at once: the later one replaces the other
        return _keep(consent, duration, through, now)


def checked_terms(right: str, lasts: str) -> durations.Duration:
    """Return the duration with the id `lasts`; raise ConsentRefused if right or duration is unknown."""
    if right not in models.Right.values:
        raise ConsentRefused("right", NO_RIGHT)
    try:
        return durations.find(lasts)
    except durations.Unknown:
        raise ConsentRefused("lasts", NO_DURATION) from None


@transaction.atomic
def _keep(
    consent: models.Consent,
    duration: durations.Duration,
    through: return_address.Suggested | None,
    now: datetime,
) -> models.Consent:
    _check_connection(consent, now)
    same = {"site": consent.site, "organization": consent.organization, "given_by": consent.given_by}
    for earlier in open_ones().filter(**same):
        end(consent=earlier, by=consent.given_by, how=REPLACED, now=now)
    consent.pk = None
    consent.save(force_insert=True)
    until = consent.until_at.isoformat() if consent.until_at else None
    given = {"lasts": duration.words, "until": until}
    _record(consent, names.Name.CONSENT_GIVEN, by=consent.given_by, now=now, **given)
    signals.given.send(models.Consent, consent=consent, through=through)
    return consent


def _check_connection(consent: models.Consent, now: datetime) -> None:
    """Refuse a home that is not the giver's; lock the connections so that none ends meanwhile."""
    if not policy.own_sites(consent.given_by).filter(pk=consent.site.pk).exists():
        raise ConsentRefused("site", NOT_YOURS)
    connection_sites = policy.own_connection_sites(consent.given_by, consent.site)
    ids = connection_sites.values_list("connection_id", flat=True)
    mine = lunar.Connection.objects.select_for_update().filter(pk__in=[*ids], status__in=policy.WORKING)
    if not mine.values_list("pk", flat=True):
        raise ConsentRefused("site", NOT_CONNECTED)


@transaction.atomic
def end(*, consent: models.Consent, by: accounts.User | None, how: str = BY_HAND, now: datetime) -> bool:
    """End a consent at `now`; return whether it was still in force.

    One that expired before is closed as expired at its own end, by nobody and without an event.
    """
    is_over = consent.until_at is not None and consent.until_at <= now
    written = {"ended_at": now, "ended_by": by, "ended_how": how}
    if is_over:
        written = {"ended_at": consent.until_at, "ended_by": None, "ended_how": EXPIRED}
    if not open_ones().filter(pk=consent.pk).update(**written):
        return False
    entries.refresh(models.Consent.objects.filter(pk=consent.pk))
    if not is_over:
        _record(consent, names.Name.CONSENT_ENDED, by=by, now=now, how=how)
    return not is_over


def end_unreached(*, connection: lunar.Connection, now: datetime) -> int:
    """End a homeowner's consents for homes that none of their other connections reaches."""
    others = policy.giver_connections().exclude(connection=connection)
    given = open_ones().filter(~Exists(others), given_by=connection.user_id)
    rows = list(given.select_related("site", "organization", "given_by"))
    return sum(end(consent=consent, by=None, how=DISCONNECTED, now=now) for consent in rows)


def end_all(*, site: sites.Site, now: datetime) -> int:
    """End every consent for a home in which other people live from now on: it rested on those before them."""
    rows = list(open_ones().filter(site=site).select_related("site", "organization", "given_by"))
    return sum(end(consent=consent, by=None, how=DISCONNECTED, now=now) for consent in rows)


def open_ones() -> QuerySet[models.Consent]:
    """Return the consents that nobody has ended, including expired ones."""
    return models.Consent.objects.filter(ended_at=None)


def _record(
    consent: models.Consent, name: names.Name, *, by: accounts.User | None, now: datetime, **more: object
) -> None:
    terms = {"right": consent.right, "ask_first": consent.ask_first, **more}
    record.add(
        name=name,
        at=now,
        actor=by,
        site=consent.site,
        subject=consent.given_by,
        organization=consent.organization,
        details={**terms, "organization": consent.organization.name},
    )
