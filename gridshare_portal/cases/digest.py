"""The daily letter: what is new in an organization's work list, and what cannot wait.

A letter is due at seven in the morning of its reader's time zone: that of a home of the organization,
until the reader chooses another. Operators and admins get it until they turn it off. The row is claimed
before anything is sent, so nobody gets two on one day; a worker that dies in between costs that one letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Subquery

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.cases import handling, words
from gridshare_portal.cases.findings import Severity
from gridshare_portal.cases.models import Case, Digest
from gridshare_portal.mail import addresses, sender

MORNING = time(7)
AGAIN = timedelta(minutes=15)
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class DigestEntry:
    """One case as the letter says it."""

    home: str
    level: str
    cause: str
    sentence: str
    is_new: bool
    address: str


def next_morning(*, zone: str, now: datetime) -> datetime:
    """Return the next moment at which it is seven in the morning there."""
    there = ZoneInfo(zone)
    today = now.astimezone(there).date()
    morning = datetime.combine(today, MORNING, there)
    if morning <= now:
        morning = datetime.combine(today + timedelta(days=1), MORNING, there)
    return morning.astimezone(UTC)


def digest_of(membership: accounts.Membership, *, now: datetime) -> Digest:
    """Return a member's choice; before there is one, what it would be."""
    who = {"user_id": membership.user_id, "organization_id": membership.organization_id}
    known = Digest.objects.filter(**who).first()
    return known or _new(membership, _zone_of(membership.organization_id, now), now)


def choose(*, membership: accounts.Membership, is_on: bool, time_zone: str, now: datetime) -> Digest:
    """Turn a member's letter on or off, and say in whose morning it comes."""
    chosen = {
        "is_on": is_on,
        "time_zone": time_zone,
        "due_at": next_morning(zone=time_zone, now=now),
    }
    who = {"user_id": membership.user_id, "organization_id": membership.organization_id}
    digest, _new_one = Digest.objects.update_or_create(
        **who, defaults=chosen, create_defaults={**chosen, "told_at": now}
    )
    return digest


def enroll(*, now: datetime, at_most: int = 500) -> int:
    """Give every member who works on cases a row, from the next morning on; say how many were new."""
    known = Digest.objects.filter(user=OuterRef("user"), organization=OuterRef("organization"))
    able = [role for role in accounts.Role.values if rights.may(role, rights.WORK)]
    members = accounts.Membership.objects.filter(~Exists(known), role__in=able)
    zone = policy.holding(now=now).filter(organization=OuterRef("organization")).order_by("-pk")
    found = members.annotate(zone=Subquery(zone.values("site__time_zone")[:1]))[:at_most]
    rows = [_new(one, one.zone or "UTC", now) for one in found]
    return len(Digest.objects.bulk_create(rows, ignore_conflicts=True))


def due(*, now: datetime, at_most: int = 500) -> list[int]:
    """Return the letters whose morning has come."""
    waiting = Digest.objects.filter(is_on=True, due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:at_most])


def send(*, pk: int, now: datetime) -> bool:
    """Write the letter, unless somebody else has it or nothing is to be said; say whether it was sent."""
    row = (
        Digest.objects.filter(pk=pk, is_on=True, due_at__lte=now)
        .select_related("user", "organization")
        .first()
    )
    if row is None or not _claimed(row, now):
        return False
    lines = _lines(row, now)
    told = Digest.objects.filter(pk=pk)
    if not lines:
        told.update(told_at=now)
        return False
    try:
        _post(row, lines)
    except sender.NotSent:
        told.update(due_at=now + AGAIN, sent_on=row.sent_on)
        return False
    told.update(told_at=now)
    return True


def _new(membership: accounts.Membership, zone: str, now: datetime) -> Digest:
    return Digest(
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        is_on=rights.may(membership.role, rights.WORK),
        time_zone=zone,
        due_at=next_morning(zone=zone, now=now),
        told_at=now,
    )


def _zone_of(organization: int, now: datetime) -> str:
    shared = policy.holding(now=now).filter(organization=organization).order_by("-pk")
    return shared.values_list("site__time_zone", flat=True).first() or "UTC"


def _claimed(row: Digest, now: datetime) -> bool:
    """Put the row off to the next morning, once between all workers; nobody has two letters on one day."""
    today = now.astimezone(ZoneInfo(row.time_zone)).date()
    mine = Digest.objects.filter(pk=row.pk, due_at=row.due_at).exclude(sent_on=today)
    claimed = mine.update(due_at=next_morning(zone=row.time_zone, now=now), sent_on=today)
    if not claimed:
        late = Digest.objects.filter(pk=row.pk, due_at=row.due_at)
        late.update(due_at=next_morning(zone=row.time_zone, now=now))
    return bool(claimed)


def _lines(row: Digest, now: datetime) -> list[DigestEntry]:
    """Return what is new since the last letter, and what cannot wait; nothing for who is no longer staff."""
    member = staff.standing_of(row.user).filter(organization=row.organization)
    if not member.exists():
        return []
    awake = handling.visible_to(row.user, row.organization, now=now).filter(closed_at=None)
    awake = awake.exclude(snoozed_until_at__gt=now)
    told_at = row.told_at or now - timedelta(days=1)
    urgent = awake.filter(severity=Severity.NOW).select_related("site")[:SHOWN]
    new = awake.filter(opened_at__gt=told_at).select_related("site")[:SHOWN]
    found = {case.pk: case for case in [*urgent, *new]}
    listed = sorted(found.values(), key=lambda case: (case.rank, case.pk))[:SHOWN]
    return [_line(case, told_at, row.organization.slug, now) for case in listed]


def _line(case: Case, told_at: datetime, slug: str, now: datetime) -> DigestEntry:
    said = words.sentence(
        case.cause, case.subject, case.data, since_at=case.since_at, zone=case.site.zone, now=now
    )
    return DigestEntry(
        home=" ".join(case.site.name.split()),
        level=case.level.label,
        cause=case.get_cause_display(),
        sentence=said,
        is_new=case.opened_at > told_at,
        address=addresses.public("case", slug, case.pk),
    )


def _post(row: Digest, lines: Sequence[DigestEntry]) -> None:
    context = {
        "name": row.user.get_short_name(),
        "organization": " ".join(row.organization.name.split()),
        "lines": lines,
        "new": sum(line.is_new for line in lines),
        "full": len(lines) == SHOWN,
        "list_address": addresses.public("work list", row.organization.slug),
        "digest_address": addresses.public("daily letter", row.organization.slug),
    }
    sender.send(template="cases/email/digest", to=row.user.email, context=context)
