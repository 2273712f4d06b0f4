"""The daily e-mail to a member: new cases of the organization's work list, and those that cannot wait.

Due at seven in the morning of the reader's time zone: that of one of the organization's homes, until the
reader chooses another. Operators and admins get it until they turn it off. The row is claimed before sending,
so nobody gets two on a day; a worker that dies costs that one e-mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Subquery

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts import rights, staff
from gridshare_portal.cases import handling, words
from gridshare_portal.cases.findings import Severity
from gridshare_portal.cases.models import Digest
from gridshare_portal.mail import addresses, sender

MORNING = time(7)
AGAIN = timedelta(minutes=15)
SHOWN = 20


def next_morning(*, zone: str, now: datetime) -> datetime:
    """Return the next moment (UTC) at which it is MORNING in the zone."""
    there = ZoneInfo(zone)
    today = now.astimezone(there).date()
    mornings = (datetime.combine(day, MORNING, there) for day in (today, today + timedelta(days=1)))
    return next(morning for morning in mornings if morning > now).astimezone(UTC)


def digest_of(membership: accounts.Membership, *, now: datetime) -> Digest:
    """Return a member's digest settings; unsaved defaults before the member chose."""
    who = {"user_id": membership.user_id, "organization_id": membership.organization_id}
    if known := Digest.objects.filter(**who).first():
        return known
    shared = policy.holding(now=now).filter(organization=membership.organization_id).order_by("-pk")
    zone = shared.values_list("site__time_zone", flat=True).first()
    return _new(membership, zone or "UTC", now)


def choose(*, membership: accounts.Membership, is_on: bool, time_zone: str, now: datetime) -> Digest:
    """Turn a member's digest on or off and set its time zone."""
    due_at = next_morning(zone=time_zone, now=now)
    chosen = {"is_on": is_on, "time_zone": time_zone, "due_at": due_at}
    who = {"user_id": membership.user_id, "organization_id": membership.organization_id}
    created = {**chosen, "told_at": now}
    return Digest.objects.update_or_create(**who, defaults=chosen, create_defaults=created)[0]


def enroll(*, now: datetime, at_most: int = 500) -> int:
    """Give every member who may work on cases a row; return how many were new."""
    known = Digest.objects.filter(user=OuterRef("user"), organization=OuterRef("organization"))
    members = accounts.Membership.objects.filter(~Exists(known), role__in=rights.WORK.roles)
    zone = policy.holding(now=now).filter(organization=OuterRef("organization")).order_by("-pk")
    found = members.annotate(zone=Subquery(zone.values("site__time_zone")[:1]))[:at_most]
    rows = [_new(one, one.zone or "UTC", now) for one in found]
    return len(Digest.objects.bulk_create(rows, ignore_conflicts=True))


def due(*, now: datetime, at_most: int = 500) -> list[int]:
    waiting = Digest.objects.filter(is_on=True, due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:at_most])


def send(*, pk: int, now: datetime) -> bool:
    """Send a digest, unless another worker has it or nothing is to be said; return whether it was sent."""
    due_now = Digest.objects.filter(pk=pk, is_on=True, due_at__lte=now)
    row = due_now.select_related("user", "organization").first()
    if row is None or not _claimed(row, now):
        return False
    lines = _lines(row, now)
    try:
        if lines:
            _post(row, lines)
    except sender.NotSent:
        Digest.objects.filter(pk=pk).update(due_at=now + AGAIN, sent_on=row.sent_on)
        return False
    Digest.objects.filter(pk=pk).update(told_at=now)
    return bool(lines)


def _new(membership: accounts.Membership, zone: str, now: datetime) -> Digest:
    return Digest(
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        is_on=rights.may(membership.role, rights.WORK),
        time_zone=zone,
        due_at=next_morning(zone=zone, now=now),
        told_at=now,
    )


def _claimed(row: Digest, now: datetime) -> bool:
    """Put the row off to the next morning, once between all workers; nobody gets two e-mails on a day."""
    today = now.astimezone(ZoneInfo(row.time_zone)).date()
    mine = Digest.objects.filter(pk=row.pk, due_at=row.due_at)
    following = next_morning(zone=row.time_zone, now=now)
    if mine.exclude(sent_on=today).update(due_at=following, sent_on=today):
        return True
    mine.update(due_at=following)
    return False


def _lines(row: Digest, now: datetime) -> list[dict[str, str | bool]]:
    """Return cases opened since the last digest, and urgent ones; none for former staff."""
    if not staff.active_memberships(row.user).filter(organization=row.organization).exists():
        return []
    awake = handling.visible_to(row.user, row.organization, now=now).filter(closed_at=None)
    awake = awake.exclude(snoozed_until_at__gt=now)
    told_at = row.told_at or now - timedelta(days=1)
    urgent = awake.filter(severity=Severity.NOW).select_related("site")[:SHOWN]
    new = awake.filter(opened_at__gt=told_at).select_related("site")[:SHOWN]
    found = {case.pk: case for case in [*urgent, *new]}
    listed = sorted(found.values(), key=lambda case: (case.rank, case.pk))[:SHOWN]
    return [
        {
            "home": " ".join(case.site.name.split()),
            "level": case.level.label,
            "cause": case.get_cause_display(),
            "sentence": words.of_case(case, now=now),
            "is_new": case.opened_at > told_at,
            "address": addresses.public("case", row.organization.slug, case.pk),
        }
        for case in listed
    ]


def _post(row: Digest, lines: Sequence[Mapping[str, str | bool]]) -> None:
    context = {
        "name": row.user.get_short_name(),
        "organization": " ".join(row.organization.name.split()),
        "lines": lines,
        "new": sum(line["is_new"] is True for line in lines),
        "full": len(lines) == SHOWN,
        "list_address": addresses.public("work list", row.organization.slug),
        "digest_address": addresses.public("daily digest", row.organization.slug),
    }
    sender.send(template="cases/email/digest", to=row.user.email, context=context)
