"""Invitations by e-mail to work for an organization: once, for seven days, for one address.

The e-mail carries a secret of which only a digest is stored. To accept, a person must be signed in with the
invited address and have proven it: a forwarded e-mail is useless.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.db.models import Q

from gridshare_portal.accounts import models, rights
from gridshare_portal.accounts.organizations import members
from gridshare_portal.audit import names, record
from gridshare_portal.mail import addresses, sender

LASTS = timedelta(days=7)
AT_MOST_A_DAY = 50
LONGEST_ADDRESS = 254

NO_ADDRESS = "Write an e-mail address, such as name@company.example."
IS_MEMBER = "{} works for {} already."
IS_INVITED = "{} is invited already. Withdraw that invitation first to send another."
TOO_MANY = "{} has invited {} people within a day. Go on tomorrow."
UNKNOWN = (
    "There is no such invitation. Look whether the whole address was copied, or ask to be invited again."
)
WITHDRAWN = "{} has taken this invitation back. Ask to be invited again if that was a mistake."
USED = "This invitation was used already, and works only once. Ask {} for one of your own."
EXPIRED = "This invitation has ended: it held for seven days. Ask {} to invite you again."
NOT_FOR_YOU = "This invitation is for {}. Sign in with that address; it opens nothing for anybody else."
OPEN_NO_MORE = "This invitation is not open any more, so there is nothing to withdraw."


@dataclass(frozen=True, kw_only=True)
class Made:
    """An invitation with its secret, which is known only here and in the e-mail."""

    invitation: models.Invitation
    secret: str


def invite(
    *, organization: models.Organization, email: str, role: str, actor: models.User | None, now: datetime
) -> Made:
    """Store an open invitation; the caller sends the e-mail after the commit. Raises MemberRefused."""
    address = _address(email)
    if role not in models.Role.values:
        raise members.MemberRefused(members.NO_ROLE, field="role")
    with transaction.atomic():
        held = members.lock(organization, actor=actor)
        _check(held, address, now=now)
        secret = secrets.token_urlsafe(32)
        invitation = held.invitations.create(
            email=address,
            role=role,
            digest=_digest(secret),
            invited_by=actor,
            made_at=now,
            expires_at=now + LASTS,
        )
        _record(names.Name.MEMBER_INVITED, invitation, actor=actor, now=now)
    return Made(invitation=invitation, secret=secret)


def send(made: Made) -> bool:
    """Send the e-mail; return whether that succeeded."""
    invitation = made.invitation
    context = {
        "invitation": invitation,
        "organization": invitation.organization,
        "rights": [right for right in rights.RIGHTS if rights.may(invitation.role, right)],
        "address": address_of(made.secret),
    }
    try:
        sender.send(template="accounts/email/invitation", to=invitation.email, context=context)
    except sender.NotSent:
        return False
    return True


def send_or_withdraw(made: Made, *, actor: models.User, now: datetime) -> bool:
    """Send the e-mail, or withdraw the invitation if that fails; return whether it was sent."""
    sent = send(made)
    if not sent:
        withdraw(invitation=made.invitation, actor=actor, now=now)
    return sent


def address_of(secret: str) -> str:
    return addresses.public("invitation", secret)


def found(secret: str) -> models.Invitation:
    """Return the invitation of this secret, open or not; raise MemberRefused."""
    known = models.Invitation.objects.select_related("organization", "invited_by")
    invitation = known.filter(digest=_digest(secret)).first()
    if invitation is None:
        raise members.MemberRefused(UNKNOWN)
    return invitation


def refusal(invitation: models.Invitation, *, now: datetime) -> str:
    """Return why it cannot be accepted any more; empty if it can."""
    if invitation.withdrawn_at:
        return WITHDRAWN.format(invitation.organization)
    if invitation.accepted_at:
        return USED.format(invitation.organization)
    return "" if invitation.is_open(now=now) else EXPIRED.format(invitation.organization)


def is_for(invitation: models.Invitation, user: models.User) -> bool:
    """Return whether the invited address is one that this person has proven."""
    proven = EmailAddress.objects.filter(user_id=user.pk, verified=True).values_list("email", flat=True)
    return invitation.email in {address.lower() for address in proven}


@transaction.atomic
def accept(*, secret: str, user: models.User, now: datetime) -> models.Membership:
    """Make the person a member, once; raise MemberRefused."""
    organization = models.Organization.objects.select_for_update().get(pk=found(secret).organization_id)
    invitation = found(secret)
    if sentence := refusal(invitation, now=now):
        raise members.MemberRefused(sentence)
    if not is_for(invitation, user):
        raise members.MemberRefused(NOT_FOR_YOU.format(invitation.email))
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    return members.add(organization=organization, user=user, role=invitation.role, now=now)


@transaction.atomic
def withdraw(*, invitation: models.Invitation, actor: models.User | None, now: datetime) -> None:
    """Withdraw an invitation; raise MemberRefused if it is not open."""
    members.lock(invitation.organization, actor=actor)
    invitation.refresh_from_db(fields=["accepted_at", "withdrawn_at", "expires_at"])
    if not invitation.is_open(now=now):
        raise members.MemberRefused(OPEN_NO_MORE)
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    _record(names.Name.INVITATION_WITHDRAWN, invitation, actor=actor, now=now)


def _check(organization: models.Organization, address: str, *, now: datetime) -> None:
    proven = EmailAddress.objects.filter(email=address, verified=True).values("user")
    if organization.memberships.filter(Q(user__email=address) | Q(user__in=proven)).exists():
        raise members.MemberRefused(IS_MEMBER.format(address, organization), field="email")
    still_open = organization.invitations.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    if still_open.filter(email=address).exists():
        raise members.MemberRefused(IS_INVITED.format(address), field="email")
    if organization.invitations.filter(made_at__gt=now - timedelta(days=1)).count() >= AT_MOST_A_DAY:
        raise members.MemberRefused(TOO_MANY.format(organization, AT_MOST_A_DAY), field="email")


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
        MaxLengthValidator(LONGEST_ADDRESS)(address)
    except ValidationError as fault:
        raise members.MemberRefused(NO_ADDRESS, field="email") from fault
    return address


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _record(
    name: names.Name, invitation: models.Invitation, *, actor: models.User | None, now: datetime
) -> None:
    details = {"email": invitation.email, "role": invitation.role}
    record.add(name=name, at=now, actor=actor, organization=invitation.organization, details=details)
