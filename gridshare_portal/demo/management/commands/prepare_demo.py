"""Migrate the demo database and add the demo people."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management import BaseCommand, call_command
from django.db import transaction

from gridshare_portal.demo import people


class Command(BaseCommand):
    """Running it again changes nothing."""

    help = __doc__
    requires_system_checks: list[str] = []  # they would load every page first; the suite makes them

    def handle(self, *_args: object, **_options: object) -> None:
        call_command("migrate", verbosity=0)
        with transaction.atomic():
            for person in people.EVERYBODY:
                user = _welcome(person)
                if person.organization:
                    _employ(user, person, person.organization)


def _welcome(person: people.Person) -> AbstractBaseUser:
    users = get_user_model().objects
    user = users.filter(email=person.email).first() or users.create_user(person.email, name=person.name)
    known = {"verified": True, "primary": True}
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults=known)
    return user


def _employ(user: AbstractBaseUser, person: people.Person, company: people.Organization) -> None:
    """Make somebody staff, with an authenticator app nobody has: the click passes it, in the demo only."""
    known = {"kind": company.kind, "name": company.name, "about": company.about}
    organizations = apps.get_model("accounts", "Organization").objects
    organization, _ = organizations.get_or_create(slug=company.slug, defaults=known)
    memberships = apps.get_model("accounts", "Membership").objects
    memberships.get_or_create(user_id=user.pk, organization=organization, defaults={"role": person.role})
    if not Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists():
        totp.TOTP.activate(user, totp.generate_totp_secret())
