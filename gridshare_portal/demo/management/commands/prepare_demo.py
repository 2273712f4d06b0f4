"""Bring the demo database up to date and make sure the demo people are in it."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, call_command
from django.db import transaction

from gridshare_portal.demo import people


class Command(BaseCommand):
    """Migrate, then add whoever is missing; running it again changes nothing."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do it."""
        call_command("migrate", verbosity=0)
        with transaction.atomic():
            for person in people.PEOPLE:
                _welcome(person)


def _welcome(person: people.Person) -> None:
    users = get_user_model().objects
    user = users.filter(email=person.email).first() or users.create_user(person.email, name=person.name)
    known = {"verified": True, "primary": True}
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults=known)
