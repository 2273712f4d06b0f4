"""Makes and ends campaigns: links by which homeowners come to share a home with an organization."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from gridshare_portal.access import consents, durations
from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import plain_text as plain
from gridshare_portal.audit import names, record
from gridshare_portal.campaigns import brand, models

LONGEST_NAME = 80
LONGEST_TEXT = 600
LONGEST_SLUG = 60
COLOR = "#0b6370"  # until an organization has chosen one

NO_NAME = "Give the campaign a name that can be read, such as “Spring letter”."
LONG = "Use at most {} characters; these are {:,}."
PAST = "Choose a moment in the future."
OVER = "This campaign has ended already."


def make(
    *,
    organization: accounts.Organization,
    actor: accounts.User,
    name: str,
    right: str,
    lasts: str,
    text: str,
    color: str,
    ends_at: datetime | None,
    now: datetime,
) -> models.Campaign:
    """Make a campaign with a slug of its own; raises consents.ConsentRefused with the form's field."""
    campaign = models.Campaign(
        organization=organization,
        name=_checked(name, "name", LONGEST_NAME),
        text=_checked(text, "text", LONGEST_TEXT),
        right=right,
        lasts=lasts,
        color=_color(color),
        made_by=actor,
        made_at=now,
        ends_at=ends_at,
    )
    _check(campaign, now)
    for _attempt in range(3):  # another campaign may take the slug at the same moment
        try:
            return _keep(campaign, actor, now)
        except IntegrityError:
            continue
    return _keep(campaign, actor, now)


@transaction.atomic
def end(*, campaign: models.Campaign, actor: accounts.User, now: datetime) -> bool:
    """End a campaign now; return whether it had not ended before."""
    held = models.Campaign.objects.select_for_update().get(pk=campaign.pk)
    if held.has_ended(now=now):
        return False
    models.Campaign.objects.filter(pk=held.pk).update(ends_at=now)
    _record(held, "ended", actor, now)
    return True


def campaigns_of(organization: accounts.Organization) -> QuerySet[models.Campaign]:
    """Return an organization's campaigns, the newest first."""
    return models.Campaign.objects.filter(organization=organization).select_related("organization", "made_by")


def usual_color(organization: accounts.Organization) -> str:
    return campaigns_of(organization).values_list("color", flat=True).first() or COLOR


def _checked(text: str, field: str, longest: int) -> str:
    found = plain.plain(text)
    if len(found) > longest:
        raise consents.ConsentRefused(field, LONG.format(longest, len(found)))
    return found


def _color(color: str) -> str:
    try:
        return brand.plain(color)
    except brand.NotAColor as refusal:
        raise consents.ConsentRefused("color", str(refusal)) from None


def _check(campaign: models.Campaign, now: datetime) -> None:
    if not campaign.name:
        raise consents.ConsentRefused("name", NO_NAME)
    if campaign.right not in access.Right.values:
        raise consents.ConsentRefused("right", consents.NO_RIGHT)
    try:
        durations.find(campaign.lasts)
    except durations.Unknown:
        raise consents.ConsentRefused("lasts", consents.NO_DURATION) from None
    if campaign.has_ended(now=now):
        raise consents.ConsentRefused("ends_on", PAST)


@transaction.atomic
def _keep(campaign: models.Campaign, actor: accounts.User, now: datetime) -> models.Campaign:
    campaign.slug = _free_slug(campaign)
    campaign.save(force_insert=True)
    _record(campaign, "made", actor, now)
    return campaign


def _free_slug(campaign: models.Campaign) -> str:
    """Return an unused slug from the organization's slug and the campaign's name."""
    words = f"{campaign.organization.slug}-{slugify(campaign.name) or 'campaign'}"
    wanted = words[: LONGEST_SLUG - 8].rstrip("-")
    taken = set(models.Campaign.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    numbered = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in numbered if slug not in taken)


def _record(campaign: models.Campaign, action: str, actor: accounts.User, now: datetime) -> None:
    details = {"campaign": campaign.name, "action": action, "right": campaign.right, "lasts": campaign.lasts}
    record.add(
        name=names.Name.ORGANIZATION_CHANGED,
        at=now,
        actor=actor,
        organization=campaign.organization,
        details=details,
    )
