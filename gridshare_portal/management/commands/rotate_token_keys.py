"""Seal every secret with the first of TOKEN_KEYS, so that an old key can be removed."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from gridshare_portal.accounts.signing_in import second_factors
from gridshare_portal.lunar.tokens import rotation


class Command(BaseCommand):
    help = "Seal every stored secret with the first of TOKEN_KEYS."

    def handle(self, *args: object, **options: object) -> None:
        tokens = rotation.rotate_all()
        factors = second_factors.rotate_all()
        unreadable = tokens.unreadable + factors.unreadable
        self.stdout.write(f"{tokens.rotated + factors.rotated} sealed again, {unreadable} unreadable")
        if unreadable:
            raise CommandError("no key in TOKEN_KEYS opens some secrets; they are as before")
