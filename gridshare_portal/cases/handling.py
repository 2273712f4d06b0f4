"""What people do with a case: write, set aside, give to somebody, resolve.

Each action asks once more whether the person may and whether the home is still shared, in the transaction
that writes it, and leaves an event that the homeowner can read, with the words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.audit import names, record
from gridshare_portal.cases.models import Case, Note

LONGEST_SNOOZE = timedelta(days=90)
LONGEST_WORDS = 2000
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")  # among them what turns the direction of a line

Action = Note.Action


class CaseRefused(Exception):
    """Something that cannot be done; the text is a sentence for the page, field names the input."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class CaseNotPermitted(Exception):
    """The person may not, or the home is no longer shared."""


def visible_to(user: accounts.User, organization: accounts.Organization, *, now: datetime) -> QuerySet[Case]:
    """Return the cases of an organization at the homes that are shared with it at this very moment.

    As policy.shared_sites, but whether this person is its staff is asked once and not for every case.
    """
    is_staff = Exists(staff.standing_of(user).filter(organization=organization).order_by())
    shared = policy.holding(now=now).filter(organization=organization, site=OuterRef("site")).order_by()
    return Case.objects.filter(is_staff, Exists(shared), organization=organization)


def members_of(organization: accounts.Organization) -> QuerySet[accounts.User]:
    """Return those to whom a case can be given: members who may work on it."""
    able = [role for role in accounts.Role.values if rights.may(role, rights.WORK)]
    mine = accounts.Membership.objects.filter(organization=organization, role__in=able)
    return accounts.User.objects.filter(memberships__in=mine, is_active=True).order_by("name", "email")


def note(*, case: Case, actor: accounts.User, words: str, now: datetime) -> Case:
    """Write a line into the case's timeline."""
    words = _words(words, "words", needed="Write what the next person should know.")

    def written(_case: Case) -> None:
        pass

    return _do(case, actor, Action.NOTED, written, now=now, words=words)


def snooze(*, case: Case, actor: accounts.User, until_at: datetime, now: datetime) -> Case:
    """Set the case aside until a moment; it comes back by itself, or earlier when it gets worse."""
    if until_at <= now:
        raise CaseRefused("until", "Choose a moment that is still to come.")
    if until_at - now > LONGEST_SNOOZE:
        raise CaseRefused("until", "Choose a day within the next 90 days.")

    def written(found: Case) -> None:
        found.snoozed_until_at = until_at

    return _do(case, actor, Action.SNOOZED, written, now=now, until_at=until_at)


def wake(*, case: Case, actor: accounts.User, now: datetime) -> Case:
    """Take up again what was set aside."""

    def written(found: Case) -> None:
        found.snoozed_until_at = None

    return _do(case, actor, Action.WOKEN, written, now=now)


def assign(*, case: Case, actor: accounts.User, to: accounts.User | None, now: datetime) -> Case:
    """Give the case to a member who may work on it, or to nobody."""
    if to is not None and not members_of(case.organization).filter(pk=to.pk).exists():
        raise CaseRefused("member", "Choose somebody who works on cases here.")

    def written(found: Case) -> None:
        found.assigned_to = to

    return _do(case, actor, Action.ASSIGNED, written, now=now, words=str(to) if to else "nobody")


def resolve(*, case: Case, actor: accounts.User, words: str, now: datetime) -> Case:
    """Close the case because a person says that it is done."""
    words = _words(words, "words", needed="Write what was done; the homeowner reads it too.")

    def written(found: Case) -> None:
        found.closed_at, found.closed_how, found.resolved_by = now, Case.Closed.RESOLVED, actor

    return _do(case, actor, Action.RESOLVED, written, now=now, words=words)


def _do(
    case: Case,
    actor: accounts.User,
    action: Note.Action,
    written: Callable[[Case], None],
    *,
    now: datetime,
    words: str = "",
    until_at: datetime | None = None,
) -> Case:
    """Change the case and write the line and the event, all or nothing; a closed one only takes notes."""
    with transaction.atomic():
        _check(actor, case.organization)
        mine = visible_to(actor, case.organization, now=now).select_for_update(of=("self",))
        found = mine.select_related("site", "organization").filter(pk=case.pk).first()
        if found is None:
            raise CaseNotPermitted("The home is no longer shared with you.")
        if found.closed_at is not None and action != Action.NOTED:
            raise CaseRefused("", "This was closed meanwhile. Nothing was changed.")
        written(found)
        found.save()
        Note.objects.create(
            case=found,
            author=actor,
            author_label=str(actor),
            action=action,
            words=words,
            until_at=until_at,
            at=now,
        )
        _tell(found, actor, action, words, until_at, now)
    return found


def _check(actor: accounts.User, organization: accounts.Organization) -> None:
    membership = staff.standing_of(actor).filter(organization=organization).first()
    if membership is None or not rights.may(membership.role, rights.WORK):
        raise CaseNotPermitted("Your role does not include work on cases.")


def _tell(
    case: Case,
    actor: accounts.User,
    action: Note.Action,
    words: str,
    until_at: datetime | None,
    now: datetime,
) -> None:
    told = {"case": case.pk, "about": case.get_cause_display(), "action": action.value, "words": words}
    told["organization"] = str(case.organization)
    if until_at is not None:
        told["until_at"] = until_at.isoformat()
    record.add(
        name=names.Name.CASE_CHANGED,
        at=now,
        actor=actor,
        site=case.site,
        organization=case.organization,
        details=told,
    )


def _words(words: str, name: str, *, needed: str) -> str:
    kept = (one for one in words if one == "\n" or unicodedata.category(one) not in UNSEEN)
    words = "".join(kept).strip()
    if not words:
        raise CaseRefused(name, needed)
    if len(words) > LONGEST_WORDS:
        raise CaseRefused(name, f"Use at most {LONGEST_WORDS:,} characters; these are {len(words):,}.")
    return words
