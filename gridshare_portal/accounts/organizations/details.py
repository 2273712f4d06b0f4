"""Create an organization, and change what homeowners read of it."""

from __future__ import annotations

import itertools
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from gridshare_portal.accounts import models, plain_text
from gridshare_portal.accounts.organizations import members
from gridshare_portal.audit import names as events
from gridshare_portal.audit import record

LONGEST_NAME = 80
LONGEST_ABOUT = 300
RESERVED = {"rights"}  # path segments of our own at the place of a slug

NO_NAME = "Give the organization a name that can be read."
LONG_NAME = f"Use at most {LONGEST_NAME} letters."
LONG_ABOUT = f"Use at most {LONGEST_ABOUT} letters."
NO_KIND = "Choose installer or retailer."


@transaction.atomic
def make(*, kind: str, name: str, actor: models.User | None, now: datetime) -> models.Organization:
    """Create an organization without members; its first admin is invited. Raises MemberRefused."""
    if kind not in models.Organization.Kind.values:
        raise members.MemberRefused(NO_KIND, field="kind")
    plain = checked_name(name)
    made = models.Organization.objects.create(
        kind=kind, name=plain, slug=_free_slug(plain, kind), created_at=now
    )
    record.add(name=events.Name.ORGANIZATION_MADE, at=now, actor=actor, organization=made)
    return made


@transaction.atomic
def describe(
    *,
    organization: models.Organization,
    name: str,
    about: str,
    is_listed: bool,
    actor: models.User | None,
    now: datetime,
) -> models.Organization:
    """Change name, description and whether search finds the organization; raise MemberRefused.

    The slug stays, so that links given to homeowners keep working.
    """
    after = {"name": checked_name(name), "about": checked_about(about), "is_listed": is_listed}
    held = members.lock(organization, actor=actor)
    before = {field: getattr(held, field) for field in after}
    changed = {field: value for field, value in after.items() if value != before[field]}
    if not changed:
        return held
    for field, value in changed.items():
        setattr(held, field, value)
    held.save(update_fields=list(changed))
    details = {"before": {field: before[field] for field in changed}, "after": changed}
    record.add(name=events.Name.ORGANIZATION_CHANGED, at=now, actor=actor, organization=held, details=details)
    return held


def checked_name(name: str) -> str:
    """Return the name without invisible characters; raise MemberRefused."""
    plain = plain_text.plain(name)
    if not plain:
        raise members.MemberRefused(NO_NAME, field="name")
    if len(plain) > LONGEST_NAME:
        raise members.MemberRefused(LONG_NAME, field="name")
    return plain


def checked_about(about: str) -> str:
    """Return the description without invisible characters; raise MemberRefused."""
    plain = plain_text.plain(about)
    if len(plain) > LONGEST_ABOUT:
        raise members.MemberRefused(LONG_ABOUT, field="about")
    return plain


def _free_slug(name: str, kind: str) -> str:
    wanted = slugify(name)[:50].strip("-_") or kind
    similar = models.Organization.objects.filter(slug__startswith=wanted)
    taken = {*RESERVED, *similar.values_list("slug", flat=True)}
    numbered = (f"{wanted}-{n}" for n in itertools.count(2))
    return next(slug for slug in itertools.chain([wanted], numbered) if slug not in taken)
