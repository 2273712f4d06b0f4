"""The e-mail that invites somebody to work for an organization."""

from __future__ import annotations

from gridshare_portal.accounts import rights
from gridshare_portal.accounts.organizations import invitations
from gridshare_portal.mail import addresses, sender


def address_of(secret: str) -> str:
    """Return the address that opens an invitation."""
    return addresses.public("invitation", secret)


def send(made: invitations.Made) -> bool:
    """Send the letter; return whether it could be sent."""
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
