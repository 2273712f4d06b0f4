"""Take a person or a home out of rows that stay when the account or the home is deleted.

Django deletes what points at the row. What names it in words is changed here, in the same transaction,
however the deletion was asked for: on the page, by an operator, or by the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.signing_in import sessions
from gridshare_portal.audit import forgetting
from gridshare_portal.audit import models as audit
from gridshare_portal.cases import models as cases
from gridshare_portal.control import models as control
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar.tokens import pending
from gridshare_portal.sites import models as sites

SOMEBODY = forgetting.SOMEBODY


def forget_person(user: accounts.User) -> None:
    """Make a person nameless in what stays, and end every sign-in; the caller deletes the account.

    What a company typed itself and got no answer to stays until its own end: it must not tell the company
    that somebody has that address.
    """
    addresses = {user.email, *EmailAddress.objects.filter(user=user.pk).values_list("email", flat=True)}
    sessions.end_all(user)
    _discard_tokens(user)
    control.Change.objects.filter(actor=user.pk).update(actor_label=SOMEBODY)
    control.Proposal.objects.filter(proposed_by=user.pk).update(proposer_label=SOMEBODY)
    cases.Note.objects.filter(author=user.pk).update(author_label=SOMEBODY)
    _forget_invitations(user, addresses)
    answered = Q(email__in=addresses) | Q(answered_by=user.pk)
    for request in access.Request.objects.filter(answered, answer=access.Request.Answer.SHARED):
        forget_request(request)
    _forget_log_entries(user, addresses)
    forgetting.forget_person(user.pk)


def forget_request(request: access.Request) -> None:
    """Delete what an organization asked of somebody, and take the address out of the record of it."""
    forgetting.forget_asked(organization_id=request.organization_id, at=request.made_at)
    request.delete()


def forget_invitation(invitation: accounts.Invitation) -> None:
    """Delete an invitation, and take an address that never became a member out of the record of it."""
    if invitation.accepted_at is None:
        forgetting.forget_address(invitation.email, organization_id=invitation.organization_id)
    invitation.delete()


def forget_home(site: sites.Site) -> None:
    """Make a home that was deleted nameless in what stays."""
    forgetting.forget_home(site.audit_id)


def _discard_tokens(user: accounts.User) -> None:
    """Revoke tokens that still wait for this person to fetch them."""
    known = lunar.Connection.objects.filter(user=user.pk).values("sub")
    for key in list(lunar.Pending.objects.filter(sub__in=known).values_list("key", flat=True)):
        pending.discard(key=key, now=timezone.now())


def _forget_invitations(user: accounts.User, addresses: Iterable[str]) -> None:
    """Delete ended invitations, and take the addresses out of the record of every organization's."""
    ended = Q(accepted_at__isnull=False) | Q(withdrawn_at__isnull=False) | Q(expires_at__lte=timezone.now())
    invited = accounts.Invitation.objects.filter(ended, email__in=addresses)
    joined = audit.Event.objects.filter(subject_id=user.pk, organization_id__isnull=False)
    known = [rows.order_by().values_list("organization_id", flat=True) for rows in (invited, joined)]
    for organization_id in {pk for pks in known for pk in pks if pk is not None}:
        for address in addresses:
            forgetting.forget_address(address, organization_id=organization_id)
    invited.delete()


def _forget_log_entries(user: accounts.User, addresses: Iterable[str]) -> None:
    """Take the person out of the names of things that operators changed."""
    named = Q()
    for address in addresses:
        named |= Q(object_repr__icontains=address)
    theirs: tuple[QuerySet[Model], ...] = (
        accounts.User.objects.filter(pk=user.pk),
        EmailAddress.objects.filter(user=user.pk),
        accounts.Membership.objects.filter(user=user.pk),
        Authenticator.objects.filter(user=user.pk),
        UserSession.objects.filter(user=user.pk),
        lunar.Connection.objects.filter(user=user.pk),
    )
    for rows in theirs:
        kind = ContentType.objects.get_for_model(rows.model)
        named |= Q(content_type=kind, object_id__in=[str(pk) for pk in rows.values_list("pk", flat=True)])
    LogEntry.objects.filter(named).update(object_repr=SOMEBODY)
