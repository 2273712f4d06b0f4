"""Membership of an organization: join, change role, be removed, leave.

Each action locks the organization's row and checks the actor again, so that two admins who remove each other
at the same moment do not both succeed, and an organization always keeps an admin.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gridshare_portal.accounts import models, rights
from gridshare_portal.accounts.signing_in import sessions
from gridshare_portal.audit import names, record

LAST_ADMIN = "{} would be left without an admin. Make somebody else an admin first."
NO_ROLE = "Choose one of the roles in the list."
NOT_ADMIN = "Only an admin of {} can do this, and you are none any more."
GONE = "This person does not work for {} any more."


class MemberRefused(Exception):
    """An action that cannot be done; the message is a sentence for the page, `field` names the input."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


def lock(organization: models.Organization, *, actor: models.User | None) -> models.Organization:
    """Lock the organization's row until the transaction ends; refuse an actor who is not its admin now.

    None is the portal itself; the platform's own operators (is_staff) need no membership.
    """
    held = models.Organization.objects.select_for_update().get(pk=organization.pk)
    if actor is None or actor.is_staff:
        return held
    role = held.memberships.filter(user=actor).values_list("role", flat=True).first()
    if not rights.may(role or "", rights.MEMBERS):
        raise MemberRefused(NOT_ADMIN.format(held))
    return held


@transaction.atomic
def add(
    *, organization: models.Organization, user: models.User, role: str, now: datetime
) -> models.Membership:
    """Make a person a member; an existing member keeps the role."""
    _check_role(role)
    known = {"role": role, "created_at": now}
    membership, is_new = models.Membership.objects.get_or_create(
        user=user, organization=organization, defaults=known
    )
    if is_new:
        sessions.note_role_change(user)
        _record(names.Name.MEMBER_JOINED, membership, actor=user, now=now, role=role)
    return membership


@transaction.atomic
def change_role(
    *, membership: models.Membership, role: str, actor: models.User | None, now: datetime
) -> None:
    """Change a member's role; refuse to demote the last admin."""
    _check_role(role)
    organization = lock(membership.organization, actor=actor)
    member = _current(membership)
    if member.role == role:
        return
    _keep_an_admin(organization, without=member)
    before, member.role = member.get_role_display(), role
    member.save(update_fields=["role"])
    sessions.note_role_change(member.user)
    _withdraw_invitations(member, actor=actor, now=now)
    change = {"before": before, "after": member.get_role_display()}
    _record(names.Name.MEMBER_ROLE_CHANGED, member, actor=actor, now=now, **change)


@transaction.atomic
def remove(*, membership: models.Membership, actor: models.User | None, now: datetime) -> None:
    """Remove a member, sign them out everywhere and withdraw their open invitations."""
    organization = lock(membership.organization, actor=actor)
    member = _current(membership)
    _keep_an_admin(organization, without=member)
    _withdraw_invitations(member, actor=actor, now=now)
    _record(names.Name.MEMBER_REMOVED, member, actor=actor, now=now, role=member.role)
    member.delete()
    sessions.end_all(member.user)


@transaction.atomic
def leave(*, membership: models.Membership, now: datetime) -> None:
    """Leave the organization; the person stays signed in, as a homeowner may be."""
    organization = lock(membership.organization, actor=None)
    member = _current(membership)
    _keep_an_admin(organization, without=member)
    _record(names.Name.MEMBER_REMOVED, member, actor=member.user, now=now, role=member.role)
    member.delete()
    sessions.note_role_change(member.user)


@transaction.atomic
def leave_all(*, user: models.User, now: datetime) -> None:
    """Leave every organization, before the account is deleted."""
    for membership in user.memberships.select_related("organization").order_by("organization"):
        leave(membership=membership, now=now)


def _check_role(role: str) -> None:
    if role not in models.Role.values:
        raise MemberRefused(NO_ROLE, field="role")


def _current(membership: models.Membership) -> models.Membership:
    found = models.Membership.objects.select_related("user", "organization").filter(pk=membership.pk).first()
    if found is None:
        raise MemberRefused(GONE.format(membership.organization))
    return found


def _keep_an_admin(organization: models.Organization, *, without: models.Membership) -> None:
    if without.role != models.Role.ADMIN:
        return
    admins = organization.memberships.filter(role=models.Role.ADMIN, user__is_active=True)
    if not admins.exclude(pk=without.pk).exists():
        raise MemberRefused(LAST_ADMIN.format(organization), field="role")


def _withdraw_invitations(member: models.Membership, *, actor: models.User | None, now: datetime) -> None:
    """Withdraw the open invitations of somebody who may no longer invite."""
    theirs = member.organization.invitations.filter(invited_by=member.user)
    for invitation in theirs.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now):
        invitation.withdrawn_at = now
        invitation.save(update_fields=["withdrawn_at"])
        details, organization = {"email": invitation.email, "role": invitation.role}, member.organization
        name = names.Name.INVITATION_WITHDRAWN
        record.add(name=name, at=now, actor=actor, organization=organization, details=details)


def _record(
    name: names.Name,
    membership: models.Membership,
    *,
    actor: models.User | None,
    now: datetime,
    **details: str,
) -> None:
    record.add(
        name=name,
        at=now,
        actor=actor,
        subject=membership.user,
        organization=membership.organization,
        details={"member": str(membership.user), **details},
    )
