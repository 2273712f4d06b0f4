"""What people do with a case: note, snooze, wake, assign, resolve.

Each action checks the person's right and the consent again, in the transaction that writes it, and leaves an
audit event with the words, which the homeowner can read.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.audit import names, record
from gridshare_portal.cases.models import Case, Note

LONGEST_SNOOZE = timedelta(days=90)
LONGEST_WORDS = 2000
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")  # control and format characters, such as bidirectional overrides

Action = Note.Action


class CaseRefused(Exception):
    """The action cannot be done; the text is a sentence for the page, `field` names the input."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class CaseNotPermitted(Exception):
    """The person may not, or the home is no longer shared."""


def visible_to(user: accounts.User, organization: accounts.Organization, *, now: datetime) -> QuerySet[Case]:
    """Return an organization's cases at homes that are shared with it now, for its staff.

    As policy.shared_sites, but membership is checked once and not for every case.
    """
    is_staff = Exists(staff.active_memberships(user).filter(organization=organization).order_by())
    shared = policy.holding(now=now).filter(organization=organization, site=OuterRef("site")).order_by()
    return Case.objects.filter(is_staff, Exists(shared), organization=organization)


def members_of(organization: accounts.Organization) -> QuerySet[accounts.User]:
    """Return the members to whom a case can be assigned."""
    mine = accounts.Membership.objects.filter(organization=organization, role__in=rights.WORK.roles)
    return accounts.User.objects.filter(memberships__in=mine, is_active=True).order_by("name", "email")


def note(*, case: Case, actor: accounts.User, words: str, now: datetime) -> Case:
    words = _words(words, needed="Write what the next person should know.")
    return _do(case, actor, Action.NOTED, now=now, words=words)


def snooze(*, case: Case, actor: accounts.User, until_at: datetime, now: datetime) -> Case:
    """Set a case aside until a moment; it comes back by itself, or earlier when it gets worse."""
    if until_at <= now:
        raise CaseRefused("until", "Choose a moment that is still to come.")
    if until_at - now > LONGEST_SNOOZE:
        raise CaseRefused("until", "Choose a day within the next 90 days.")
    return _do(case, actor, Action.SNOOZED, now=now, until_at=until_at, snoozed_until_at=until_at)


def wake(*, case: Case, actor: accounts.User, now: datetime) -> Case:
    return _do(case, actor, Action.WOKEN, now=now, snoozed_until_at=None)


def assign(*, case: Case, actor: accounts.User, to: accounts.User | None, now: datetime) -> Case:
    """Assign the case to a member who may work on it, or to nobody."""
    if to is not None and not members_of(case.organization).filter(pk=to.pk).exists():
        raise CaseRefused("member", "Choose somebody who works on cases here.")
    words = str(to) if to else "nobody"
    return _do(case, actor, Action.ASSIGNED, now=now, words=words, assigned_to=to)


def resolve(*, case: Case, actor: accounts.User, words: str, now: datetime) -> Case:
    """Close the case because a person says that it is done."""
    words = _words(words, needed="Write what was done; the homeowner reads it too.")
    closed: dict[str, Any] = {"closed_at": now, "closed_how": Case.Closed.RESOLVED, "resolved_by": actor}
    return _do(case, actor, Action.RESOLVED, now=now, words=words, **closed)


def _do(
    case: Case,
    actor: accounts.User,
    action: Note.Action,
    *,
    now: datetime,
    words: str = "",
    until_at: datetime | None = None,
    **changed: object,
) -> Case:
    """Change the case and write note and event in one transaction; a closed case only takes notes."""
    with transaction.atomic():
        if not staff.may(actor, case.organization, rights.WORK):
            raise CaseNotPermitted("Your role does not include work on cases.")
        mine = visible_to(actor, case.organization, now=now).select_for_update(of=("self",))
        found = mine.select_related("site", "organization").filter(pk=case.pk).first()
        if found is None:
            raise CaseNotPermitted("The home is no longer shared with you.")
        if found.closed_at is not None and action != Action.NOTED:
            raise CaseRefused("", "This was closed meanwhile. Nothing was changed.")
        for name, value in changed.items():
            setattr(found, name, value)
        found.save()
        line = {"action": action, "words": words, "until_at": until_at}
        note = Note.objects.create(case=found, author=actor, author_label=str(actor), at=now, **line)
        _record(found, actor, note)
    return found


def _record(case: Case, actor: accounts.User, note: Note) -> None:
    details = {"case": case.pk, "about": case.get_cause_display(), "action": str(note.action)}
    details |= {"words": note.words, "organization": str(case.organization)}
    if note.until_at is not None:
        details["until_at"] = note.until_at.isoformat()
    record.add(
        name=names.Name.CASE_CHANGED,
        at=note.at,
        actor=actor,
        site=case.site,
        organization=case.organization,
        details=details,
    )


def _words(words: str, *, needed: str) -> str:
    kept = (one for one in words if one == "\n" or unicodedata.category(one) not in UNSEEN)
    words = "".join(kept).strip()
    if not words:
        raise CaseRefused("words", needed)
    if len(words) > LONGEST_WORDS:
        raise CaseRefused("words", f"Use at most {LONGEST_WORDS:,} characters; these are {len(words):,}.")
    return words
