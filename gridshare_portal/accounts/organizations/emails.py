"""The e-mail that invites a person to work for an organization."""

from __future__ import annotations

from gridshare_portal.accounts import rights
from gridshare_portal.accounts.organizations import invitations
from gridshare_portal.mail import addresses, sender


def address_of(secret: str) -> str:
    return addresses.public("invitation", secret)


def send(made: invitations.Made) -> bool:
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
        return True
    except sender.NotSent:
        return False
