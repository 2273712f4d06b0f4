"""Set up an organization, and invite its first admin by e-mail."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import details, invitations, members


class Command(BaseCommand):
    help = "Set up an organization, and invite its first admin by e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=models.Organization.Kind.values)
        parser.add_argument("name")
        parser.add_argument("email", help="the first admin's address")

    def handle(self, *args: object, kind: str, name: str, email: str, **options: object) -> None:
        try:
            made = self._make(kind=kind, name=name, email=email)
        except members.MemberRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        organization = made.invitation.organization
        self.stdout.write(f"{organization} is set up: /organizations/{organization.slug}/")
        was_sent = invitations.send(made)
        self.stdout.write("The invitation was sent." if was_sent else "The invitation could NOT be sent.")
        self.stdout.write(
            f"It opens, once and for {made.invitation.email} only: {invitations.address_of(made.secret)}"
        )

    @transaction.atomic
    def _make(self, *, kind: str, name: str, email: str) -> invitations.Made:
        now = timezone.now()
        organization = details.make(kind=kind, name=name, actor=None, now=now)
        role = models.Role.ADMIN
        return invitations.invite(organization=organization, email=email, role=role, actor=None, now=now)
